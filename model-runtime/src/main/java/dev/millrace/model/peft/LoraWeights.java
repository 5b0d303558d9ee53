package dev.millrace.model.peft;

import dev.millrace.model.adapter.AdapterKind;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Delta;
import dev.millrace.model.adapter.Factor;
import dev.millrace.model.adapter.Site;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.SplittableRandom;

/** A LoRA adapter as plain arrays; {@code pairs} stand in the order of the base's sites. */
public record LoraWeights(LoraConfig config, List<LoraPair> pairs) implements AdapterWeights {

  /**
   * An adapter that adds nothing yet, as PEFT starts one: A uniform within ±1/√in (Kaiming-uniform
   * with a = √5), B zero.
   *
   * @param sites of the base; those that the config targets get a pair
   */
  public static LoraWeights initial(LoraConfig config, List<Site> sites, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return new LoraWeights(
        config,
        config.targetsOf(sites).stream()
            .map(site -> pair(site, config.rankAt(config.key(site)), random))
            .toList());
  }

  private static LoraPair pair(Site site, int rank, SplittableRandom random) {
    float[] a = new float[site.experts() * rank * site.in()];
    double bound = 1 / Math.sqrt(site.in());
    for (int i = 0; i < a.length; i++) {
      double unit = (random.nextLong() >>> 11) * 0x1p-53;
      a[i] = (float) ((2 * unit - 1) * bound);
    }
    return new LoraPair(site, a, new float[site.experts() * site.out() * rank]);
  }

  @Override
  public AdapterKind kind() {
    return Lora.KIND;
  }

  @Override
  public SortedMap<String, String> settings() {
    return LoraSettings.of(this);
  }

  @Override
  public List<Factor> factors() {
    List<Factor> factors = new ArrayList<>();
    for (LoraPair pair : pairs) {
      factors.add(new Factor(pair.site().name() + ".lora_A", pair.site().in(), pair.a()));
      factors.add(new Factor(pair.site().name() + ".lora_B", pair.rank(), pair.b()));
    }
    return List.copyOf(factors);
  }

  @Override
  public LoraWeights with(List<float[]> values) {
    List<LoraPair> changed = new ArrayList<>();
    for (int i = 0; i < pairs.size(); i++) {
      changed.add(new LoraPair(pairs.get(i).site(), values.get(2 * i), values.get(2 * i + 1)));
    }
    return new LoraWeights(config, List.copyOf(changed));
  }

  @Override
  public List<Delta> deltas() {
    return pairs.stream()
        .map(p -> new Delta(p.site(), p.rank(), p.a(), times(scale(p), p.b())))
        .toList();
  }

  @Override
  public List<float[]> gradients(List<Delta> byDelta) {
    List<float[]> gradients = new ArrayList<>();
    for (int i = 0; i < pairs.size(); i++) {
      gradients.add(byDelta.get(i).a());
      gradients.add(times(scale(pairs.get(i)), byDelta.get(i).b()));
    }
    return gradients;
  }

  double scale(LoraPair pair) {
    return config.scaleAt(config.key(pair.site()), pair.rank());
  }

  /** In float where the factor is one: the same bits, and the loop is vectorized. */
  private static float[] times(double factor, float[] values) {
    float[] products = new float[values.length];
    float exact = (float) factor;
    for (int i = 0; i < values.length; i++) {
      products[i] = exact == factor ? exact * values[i] : (float) (factor * values[i]);
    }
    return products;
  }
}
