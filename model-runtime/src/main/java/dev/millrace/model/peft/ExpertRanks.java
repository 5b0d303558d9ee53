package dev.millrace.model.peft;

import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Ranks and alphas of routed experts that were read module by module.
 *
 * @param config with the patterns of the file
 */
record ExpertRanks(LoraConfig config, List<ExpertModules> experts) {

  /**
   * The adapter, with one A for gate_proj and up_proj wherever both have the same.
   *
   * @param configOf the rest of the configuration
   */
  LoraWeights shared(
      List<LoraPair> pairs, BiFunction<LoraConfig, List<LoraPair>, LoraConfig> configOf) {
    List<LoraPair> read = pairs.stream().filter(p -> modules(p) != null).toList();
    boolean share =
        read.stream()
            .filter(p -> p.site().parts().size() > 1)
            .allMatch(p -> ExpertModules.inBlocks(p) && ExpertModules.shareDown(p));
    List<LoraPair> all =
        pairs.stream()
            .map(
                p ->
                    share && modules(p) != null && p.site().parts().size() > 1
                        ? ExpertModules.withOneDown(p)
                        : p)
            .toList();
    return new LoraWeights(configOf.apply(ranks(all), all), all);
  }

  private @Nullable ExpertModules modules(LoraPair pair) {
    return experts.stream().filter(m -> m.site().equals(pair.site())).findFirst().orElse(null);
  }

  /** The file's patterns, and before them those that the pairs need. */
  private LoraConfig ranks(List<LoraPair> pairs) {
    Patterns patterns = new Patterns(config);
    for (LoraPair pair : pairs) {
      ExpertModules modules = modules(pair);
      if (modules != null) {
        String name = pair.site().name();
        patterns.need(name, Patterns.lastParts(name, 3), pair.rank(), modules.scale());
      }
    }
    return patterns.config();
  }
}
