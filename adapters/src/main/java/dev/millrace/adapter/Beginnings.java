package dev.millrace.adapter;

import dev.millrace.adapter.batch.Draws;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraSite;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a domain begins with; a function of the configuration, the base and its name. */
final class Beginnings {

  private Beginnings() {}

  /** An adapter that changes nothing yet. */
  static AdapterState adapter(
      LearnerConfig config, BaseModel base, @Nullable String tenant, String domain) {
    List<LoraSite> sites = base.sites();
    List<String> targets = sites.stream().map(Beginnings::lastPart).distinct().sorted().toList();
    LoraConfig lora = new LoraConfig(config.rank(), config.alpha(), false, targets);
    return AdapterState.initial(lora, sites, seed(config, tenant, domain));
  }

  static long seed(LearnerConfig config, @Nullable String tenant, String domain) {
    return Draws.mix(Draws.mix(config.seed(), domain.hashCode()), Objects.hashCode(tenant));
  }

  private static String lastPart(LoraSite site) {
    return site.name().substring(site.name().lastIndexOf('.') + 1);
  }
}
