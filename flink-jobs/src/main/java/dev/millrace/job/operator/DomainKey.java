package dev.millrace.job.operator;

import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Sample;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import org.jspecify.annotations.Nullable;

/** The key under which all of a domain flows: its tenant and its name. */
public final class DomainKey {
  private static final char SEPARATOR = '\0';

  private DomainKey() {}

  public static String of(Sample sample) {
    return of(sample.tenant(), sample.domain());
  }

  /** The key under which domains are assigned: the tenant, which may be nobody. */
  public static String tenant(Sample sample) {
    return sample.tenant() == null ? "" : sample.tenant();
  }

  public static String of(ScoredSample scored) {
    return of(scored.sample());
  }

  public static String of(TrainingBatch batch) {
    return of(batch.tenant(), batch.domain());
  }

  public static String of(ReleaseEvent event) {
    return of(event.tenant(), event.domain());
  }

  /** As people read it: {@code TENANT/DOMAIN}, or the domain alone. */
  public static String shown(String key) {
    return key.replace(SEPARATOR, '/');
  }

  /**
   * The value of its label in metrics: {@code TENANT:DOMAIN}, or the domain alone. Flink's reporter
   * for Prometheus would make an underscore of a slash, as names may have one.
   */
  public static String label(@Nullable String tenant, @Nullable String domain) {
    return tenant == null ? String.valueOf(domain) : tenant + ":" + domain;
  }

  private static String of(@Nullable String tenant, @Nullable String domain) {
    if (domain == null) {
      throw new IllegalArgumentException("no domain to key by: unlabelled samples are refused");
    }
    return tenant == null ? domain : tenant + SEPARATOR + domain;
  }
}
