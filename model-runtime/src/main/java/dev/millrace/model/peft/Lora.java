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
    List<String> linear =
        sites.stream().filter(site -> site.place() == Site.Place.LINEAR).map(Site::name).toList();
    LoraConfig plain =
        new LoraConfig(plan.rank(), plan.alpha(), false, ModuleNames.targets(linear, sites));
    if (plan.routedExperts() && ModuleNames.names(sites).isEmpty()) {
      throw new IllegalArgumentException(
          "routedExperts is true, expected false: this base has no sites there");
    }
    return plan.routedExperts()
        ? plain.withParameters(ModuleNames.parameters(ModuleNames.names(sites), sites))
        : plain;
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
