package dev.millrace.model.peft;

import dev.millrace.model.adapter.Delta;
import dev.millrace.model.adapter.Factor;
import dev.millrace.model.adapter.InvalidAdapterException;
import dev.millrace.model.adapter.Site;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What a LoRA adapter is beside its values, as texts. */
final class LoraSettings {

  private static final String SITES = "sites";

  private LoraSettings() {}

  static SortedMap<String, String> of(LoraWeights adapter) {
    LoraConfig config = adapter.config();
    SortedMap<String, String> settings = new TreeMap<>();
    settings.put("r", Integer.toString(config.rank()));
    settings.put("lora_alpha", Double.toString(config.alpha()));
    settings.put("use_rslora", Boolean.toString(config.rsLora()));
    settings.put("target_modules", String.join("\n", config.targetModules()));
    settings.put("target_parameters", String.join("\n", config.targetParameters()));
    settings.put("rank_pattern", lines(config.rankPattern().values()));
    settings.put("alpha_pattern", lines(config.alphaPattern().values()));
    settings.put("layout", config.layout().name());
    settings.put(
        SITES,
        adapter.pairs().stream().map(p -> p.site().toText()).collect(Collectors.joining("\n")));
    return settings;
  }

  private static String lines(Map<String, ?> pattern) {
    return pattern.entrySet().stream()
        .map(entry -> entry.getValue() + " " + entry.getKey())
        .collect(Collectors.joining("\n"));
  }

  static LoraWeights restore(SortedMap<String, String> settings, List<Factor> factors) {
    try {
      return new LoraWeights(config(settings), pairs(list(settings, SITES), factors));
    } catch (IllegalArgumentException e) {
      throw new InvalidAdapterException("LoRA settings are " + settings + ", expected ours", e);
    }
  }

  private static LoraConfig config(SortedMap<String, String> settings) {
    return new LoraConfig(
        Integer.parseInt(value(settings, "r")),
        Double.parseDouble(value(settings, "lora_alpha")),
        Boolean.parseBoolean(value(settings, "use_rslora")),
        list(settings, "target_modules"),
        list(settings, "target_parameters"),
        pattern(settings, "rank_pattern", Integer::valueOf),
        pattern(settings, "alpha_pattern", Double::valueOf),
        ExpertLayout.valueOf(value(settings, "layout")));
  }

  private static List<LoraPair> pairs(List<String> sites, List<Factor> factors) {
    if (factors.size() != 2 * sites.size()) {
      throw new InvalidAdapterException(
          "%d factors, expected 2 at each of %d sites".formatted(factors.size(), sites.size()));
    }
    List<LoraPair> pairs = new ArrayList<>();
    for (int i = 0; i < sites.size(); i++) {
      Site site = Site.parse(sites.get(i));
      LoraPair pair =
          new LoraPair(site, factors.get(2 * i).values(), factors.get(2 * i + 1).values());
      new Delta(site, pair.rank(), pair.a(), pair.b()); // refuses arrays of other sizes
      pairs.add(pair);
    }
    return List.copyOf(pairs);
  }

  private static String value(SortedMap<String, String> settings, String name) {
    String value = settings.get(name);
    if (value == null) {
      throw new IllegalArgumentException("no " + name);
    }
    return value;
  }

  private static List<String> list(SortedMap<String, String> settings, String name) {
    String value = value(settings, name);
    return value.isEmpty() ? List.of() : List.of(value.split("\n", -1));
  }

  private static <T> Map<String, T> pattern(
      SortedMap<String, String> settings, String name, Function<String, T> read) {
    Map<String, T> pattern = new LinkedHashMap<>();
    for (String line : list(settings, name)) {
      int space = line.indexOf(' ');
      pattern.put(line.substring(space + 1), read.apply(line.substring(0, Math.max(0, space))));
    }
    return pattern;
  }
}
