package dev.millrace.model.peft;

import dev.millrace.model.adapter.AdapterKind;
import dev.millrace.model.adapter.AdapterPlan;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Factor;
import dev.millrace.model.adapter.Site;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** LoRA (Hu et al., arXiv 2106.09685): two thin factors beside a frozen matrix. */
public final class Lora implements AdapterKind {

  public static final Lora KIND = new Lora();

  private Lora() {}

  @Override
  public String name() {
    return "lora";
  }

  @Override
  public String peftType() {
    return PeftConfig.TYPE;
  }

  @Override
  public boolean addsTo(Site.Place place) {
    return place != Site.Place.STREAM;
  }

  @Override
  public LoraWeights initial(AdapterPlan plan, List<Site> sites, long seed) {
    return LoraWeights.initial(config(plan, sites), sites, seed);
  }

  private static LoraConfig config(AdapterPlan plan, List<Site> sites) {
    if (plan.routedExperts() && sites.stream().noneMatch(Lora::routed)) {
      throw new IllegalArgumentException(
          "routedExperts is true, expected false: this base has no sites there");
    }
    List<Site> wanted =
        sites.stream()
            .filter(site -> (plan.routedExperts() || !routed(site)) && !site.isGate())
            .toList();
    Map<String, Integer> ranks = new TreeMap<>();
    plan.patterns().rank().forEach((name, rank) -> ranks.put(name, Integer.valueOf(rank)));
    Map<String, Double> alphas = new TreeMap<>();
    plan.patterns().alpha().forEach((name, alpha) -> alphas.put(name, Double.valueOf(alpha)));
    LoraConfig config =
        new LoraConfig(plan.rank(), plan.alpha(), plan.rsLora(), List.of())
            .withPatterns(ranks, alphas)
            .at(wanted, sites, List.of(), ExpertLayout.PARAMETERS);
    List<String> names = wanted.stream().map(config::key).distinct().toList();
    Stream.concat(ranks.keySet().stream(), alphas.keySet().stream())
        .forEach(pattern -> requireFit(pattern, names));
    return config;
  }

  private static void requireFit(String pattern, List<String> names) {
    NamePattern end = NamePattern.ofEnd("pattern", pattern, Steps.UNBOUNDED);
    if (names.stream().noneMatch(end::fits)) {
      throw new IllegalArgumentException(
          "pattern %s fits no part that the adapter adds to, expected one such as %s"
              .formatted(pattern, names.isEmpty() ? "none" : names.get(0)));
    }
  }

  private static boolean routed(Site site) {
    return site.place() == Site.Place.EXPERTS;
  }

  @Override
  public LoraWeights restore(SortedMap<String, String> settings, List<Factor> factors) {
    return LoraSettings.restore(settings, factors);
  }

  @Override
  public LoraWeights parse(byte[] config, byte[] weights, List<Site> sites) {
    return PeftFolder.parse(config, weights, sites);
  }

  @Override
  public SortedMap<String, byte[]> toFiles(AdapterWeights adapter, String baseName) {
    return PeftFolder.toFiles((LoraWeights) adapter, baseName);
  }
}
