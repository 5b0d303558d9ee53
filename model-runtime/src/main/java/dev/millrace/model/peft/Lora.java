package dev.millrace.model.peft;

import dev.millrace.model.adapter.AdapterKind;
import dev.millrace.model.adapter.AdapterPlan;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Factor;
import dev.millrace.model.adapter.Site;
import java.util.List;
import java.util.SortedMap;

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
        sites.stream().filter(site -> plan.routedExperts() || !routed(site)).toList();
    return new LoraConfig(plan.rank(), plan.alpha(), plan.rsLora(), List.of())
        .at(wanted, sites, List.of(), ExpertLayout.PARAMETERS);
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
