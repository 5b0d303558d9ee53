package dev.millrace.model.inject;

import dev.millrace.model.adapter.AdapterKind;
import dev.millrace.model.adapter.AdapterPlan;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Factor;
import dev.millrace.model.adapter.InvalidAdapterException;
import dev.millrace.model.adapter.Site;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * One vector a domain, and one matrix a layer that projects it onto the hidden state as it enters
 * the layer: {@code h + alpha/rank · P·v}. HuggingFace PEFT has nothing like it and cannot read its
 * folders.
 */
public final class DomainInjection implements AdapterKind {

  public static final DomainInjection KIND = new DomainInjection();

  private static final String ALPHA = "alpha";
  private static final String SITES = "sites";

  private DomainInjection() {}

  @Override
  public String name() {
    return "injection";
  }

  @Override
  public String peftType() {
    return InjectionFolder.TYPE;
  }

  @Override
  public boolean addsTo(Site.Place place) {
    return place == Site.Place.STREAM;
  }

  /** The vector's entries have variance 1, the projections are zero. */
  @Override
  public InjectionWeights initial(AdapterPlan plan, List<Site> sites, long seed) {
    List<Site> streams = streams(sites);
    if (plan.rsLora()) {
      throw new IllegalArgumentException("rsLora is true, expected false: this is no LoRA");
    }
    if (!plan.patterns().isEmpty()) {
      throw new IllegalArgumentException(
          "pattern is %s, expected none: this is no LoRA".formatted(plan.patterns()));
    }
    if (streams.isEmpty() || plan.routedExperts()) {
      throw new IllegalArgumentException(
          "routedExperts is %s at %d hidden states, expected false and at least one"
              .formatted(plan.routedExperts(), streams.size()));
    }
    SplittableRandom random = new SplittableRandom(seed);
    float[] vector = new float[plan.rank()];
    for (int i = 0; i < vector.length; i++) {
      double unit = (random.nextLong() >>> 11) * 0x1p-53;
      vector[i] = (float) ((2 * unit - 1) * Math.sqrt(3));
    }
    return new InjectionWeights(
        plan.alpha(),
        streams,
        vector,
        streams.stream().map(site -> new float[site.out() * plan.rank()]).toList());
  }

  static List<Site> streams(List<Site> sites) {
    return sites.stream().filter(site -> site.place() == Site.Place.STREAM).toList();
  }

  static SortedMap<String, String> settings(InjectionWeights adapter) {
    SortedMap<String, String> settings = new TreeMap<>();
    settings.put(ALPHA, Double.toString(adapter.alpha()));
    settings.put(
        SITES, adapter.sites().stream().map(Site::toText).collect(Collectors.joining("\n")));
    return settings;
  }

  @Override
  public InjectionWeights restore(SortedMap<String, String> settings, List<Factor> factors) {
    try {
      List<Site> sites = new ArrayList<>();
      for (String line : settings.getOrDefault(SITES, "").split("\n", -1)) {
        sites.add(Site.parse(line));
      }
      List<float[]> values = factors.stream().map(Factor::values).toList();
      return new InjectionWeights(
          Double.parseDouble(settings.getOrDefault(ALPHA, "")),
          List.copyOf(sites),
          values.get(0),
          values.subList(1, values.size()));
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      throw new InvalidAdapterException(
          "settings of %d factors are %s, expected domain injection's"
              .formatted(factors.size(), settings),
          e);
    }
  }

  @Override
  public InjectionWeights parse(byte[] config, byte[] weights, List<Site> sites) {
    return InjectionFolder.parse(config, weights, sites);
  }

  @Override
  public SortedMap<String, byte[]> toFiles(AdapterWeights adapter, String baseName) {
    return InjectionFolder.toFiles((InjectionWeights) adapter, baseName);
  }
}
