package dev.millrace.adapter;

import dev.millrace.adapter.batch.Draws;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.model.adapter.AdapterPlan;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.kinds.AdapterKinds;
import dev.millrace.model.release.ReleaseReader;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a domain begins with; a function of the configuration, the base and its name. */
final class Beginnings {

  /** Room for what a file says of its matrices, some hundred bytes each. */
  private static final long NAMES_BYTES = 4 << 20;

  private Beginnings() {}

  /** An adapter that changes nothing yet. */
  static AdapterState adapter(
      LearnerConfig config, BaseModel base, @Nullable String tenant, String domain) {
    AdapterPlan plan =
        new AdapterPlan(
            config.rank(),
            config.alpha(),
            config.routedExperts(),
            config.rsLora(),
            config.pattern());
    return AdapterState.fresh(
        AdapterKinds.named(config.adapter())
            .initial(plan, base.sites(), seed(config, tenant, domain)));
  }

  /**
   * Refuses a configuration by which no domain could begin on a base, or learn: its first lesson
   * would end the job, again and again.
   *
   * @throws IllegalArgumentException if the adapter cannot be what it asks for, is larger than
   *     readers of releases take, or a thread's memory holds no token
   */
  static void require(LearnerConfig config, BaseModel base) {
    requireReadable(
        config,
        adapter(config, base, null, "").weights().factors().stream()
            .mapToLong(factor -> factor.values().length)
            .sum());
    var unusedTokens = config.plan().microBatchTokens(base);
  }

  /**
   * Of an adapter of so many parameters.
   *
   * @throws IllegalArgumentException if its release would be larger than readers take
   */
  static void requireReadable(LearnerConfig config, long parameters) {
    long bytes = NAMES_BYTES + Float.BYTES * parameters;
    if (bytes > ReleaseReader.MAX_FILE_BYTES) {
      throw new IllegalArgumentException(
          "learn.rank is %d, learn.routedExperts %s: an adapter of %d bytes, expected at most %d, for a release has no more"
              .formatted(
                  config.rank(), config.routedExperts(), bytes, ReleaseReader.MAX_FILE_BYTES));
    }
  }

  /** Names a domain to those who train it. */
  static String name(@Nullable String tenant, String domain) {
    return (tenant == null ? "" : tenant) + "/" + domain;
  }

  static long seed(LearnerConfig config, @Nullable String tenant, String domain) {
    return Draws.mix(Draws.mix(config.seed(), domain.hashCode()), Objects.hashCode(tenant));
  }
}
