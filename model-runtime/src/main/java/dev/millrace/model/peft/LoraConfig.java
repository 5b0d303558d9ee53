package dev.millrace.model.peft;

import java.util.List;

/**
 * The part of PEFT's adapter_config.json that Millrace honours.
 *
 * @param rank r
 * @param alpha lora_alpha
 * @param rsLora true scales by alpha/√rank, false by alpha/rank
 * @param targetModules last parts of the names of adapted modules, sorted
 */
public record LoraConfig(int rank, double alpha, boolean rsLora, List<String> targetModules) {

  /** The factor on {@code B·A·x}. */
  public double scale() {
    return rsLora ? alpha / Math.sqrt(rank) : alpha / rank;
  }

  /** True if the adapter adds at this site. */
  public boolean targets(LoraSite site) {
    return targetModules.stream()
        .anyMatch(target -> site.name().equals(target) || site.name().endsWith("." + target));
  }

  /** Those of a base's sites where the adapter adds, in their order. */
  public List<LoraSite> targetsOf(List<LoraSite> sites) {
    return sites.stream().filter(this::targets).toList();
  }
}
