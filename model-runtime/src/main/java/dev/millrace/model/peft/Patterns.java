package dev.millrace.model.peft;

import dev.millrace.model.adapter.Site;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** Gathers the rank_pattern and alpha_pattern that some names need beyond a configuration. */
final class Patterns {

  /** What a name needs, and the pattern that would say so for all names alike. */
  private record Need(String alike, int rank, double alpha) {}

  private final LoraConfig config;
  private final Map<String, Need> needs = new TreeMap<>();

  Patterns(LoraConfig config) {
    this.config = config;
  }

  /**
   * Notes a name.
   *
   * @param alike a pattern that fits it and others that may need the same
   */
  void need(String name, String alike, int rank, double scale) {
    needs.put(name, new Need(alike, rank, config.alphaOf(scale, rank)));
  }

  /** Notes those pairs that stand at linear layers. */
  void needLinear(List<LoraPair> pairs, ToDoubleFunction<LoraPair> scale) {
    for (LoraPair pair : pairs) {
      if (pair.site().place() == Site.Place.LINEAR) {
        String name = config.key(pair.site());
        need(name, lastParts(name, 3), pair.rank(), scale.applyAsDouble(pair));
      }
    }
  }

  LoraConfig config() {
    Map<String, Integer> ranks = new LinkedHashMap<>();
    Map<String, Double> alphas = new LinkedHashMap<>();
    Map<String, Set<Need>> alike =
        needs.values().stream().collect(Collectors.groupingBy(Need::alike, Collectors.toSet()));
    needs.forEach(
        (name, need) -> {
          boolean all = alike.getOrDefault(need.alike, Set.of()).size() == 1;
          String key = all ? need.alike : name.replace(".", "\\.");
          if (config.rankAt(name) != need.rank) {
            ranks.put(key, need.rank);
          }
          if (config.scale(need.alpha, need.rank) != config.scaleAt(name, need.rank)) {
            alphas.put(key, need.alpha);
          }
        });
    config.rankPattern().values().forEach(ranks::putIfAbsent);
    config.alphaPattern().values().forEach(alphas::putIfAbsent);
    return config.withPatterns(ranks, alphas);
  }

  /** A pattern of the last parts of a name. */
  static String lastParts(String name, int parts) {
    int from = name.length();
    for (int i = 0; i < parts && from > 0; i++) {
      from = name.lastIndexOf('.', from - 1);
    }
    return name.substring(from + 1).replace(".", "\\.");
  }
}
