package dev.millrace.model.djl;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraPair;
import dev.millrace.model.peft.LoraWeights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/** Adapters whose factors are drawn, none of them zero. */
final class RandomAdapters {

  private RandomAdapters() {}

  /** One that changes something at every site. */
  static LoraWeights everywhere(List<Site> sites, int rank, long seed) {
    return at(sites, rank, seed, Set.of(Site.Place.values()));
  }

  /** One that changes something at every site of some places. */
  static LoraWeights at(List<Site> sites, int rank, long seed, Set<Site.Place> places) {
    SplittableRandom random = new SplittableRandom(seed);
    List<LoraPair> pairs = new ArrayList<>();
    for (Site site : sites) {
      if (places.contains(site.place())) {
        pairs.add(
            new LoraPair(
                site,
                normal(random, rank * site.experts() * site.in()),
                normal(random, rank * site.experts() * site.out())));
      }
    }
    return new LoraWeights(new LoraConfig(rank, 2 * rank, false, List.of("o_proj")), pairs);
  }

  /** Multiples of 2⁻¹⁶, so that small steps from them are exact. */
  static float[] normal(SplittableRandom random, int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = Math.round(0.08 * random.nextGaussian() * 0x1p16) * 0x1p-16f;
    }
    return values;
  }

  /** The adapter with a multiple of a direction added to one factor. */
  static AdapterWeights moved(AdapterWeights adapter, int factor, float[] direction, double by) {
    List<float[]> values = new ArrayList<>();
    adapter.factors().forEach(f -> values.add(f.values()));
    float[] changed = Arrays.copyOf(values.get(factor), direction.length);
    for (int i = 0; i < changed.length; i++) {
      changed[i] += (float) (by * direction[i]);
    }
    values.set(factor, changed);
    return adapter.with(values);
  }
}
