package dev.millrace.model.peft;

import java.util.List;
import java.util.SplittableRandom;

/** A LoRA adapter as plain arrays; {@code pairs} stand in the order of the base's sites. */
public record AdapterWeights(LoraConfig config, List<LoraPair> pairs) {

  /**
   * An adapter that adds nothing yet, as PEFT starts one: A uniform within ±1/√in (Kaiming-uniform
   * with a = √5), B zero.
   *
   * @param sites of the base; those that the config targets get a pair
   */
  public static AdapterWeights initial(LoraConfig config, List<LoraSite> sites, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return new AdapterWeights(
        config,
        config.targetsOf(sites).stream().map(site -> pair(site, config.rank(), random)).toList());
  }

  private static LoraPair pair(LoraSite site, int rank, SplittableRandom random) {
    float[] a = new float[rank * site.in()];
    double bound = 1 / Math.sqrt(site.in());
    for (int i = 0; i < a.length; i++) {
      double unit = (random.nextLong() >>> 11) * 0x1p-53;
      a[i] = (float) ((2 * unit - 1) * bound);
    }
    return new LoraPair(site, a, new float[site.out() * rank]);
  }
}
