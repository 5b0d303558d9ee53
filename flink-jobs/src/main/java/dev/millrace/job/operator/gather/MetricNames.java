package dev.millrace.job.operator.gather;

/** What is counted of samples that gather; {@code docs/metrics.md} is the table. */
final class MetricNames {

  /** Samples that named no domain, by the one they were assigned to. */
  static final String ASSIGNED = "assigned";

  /** Domains opened for samples that named none. */
  static final String DOMAINS_FOUND = "domainsFound";

  /** Samples that named no domain and belong to none. */
  static final String DOMAIN_UNKNOWN = "domainUnknown";

  /** Samples without a domain that wait for others that agree. */
  static final String UNLABELLED = "unlabelled";

  /** Samples of each batch. */
  static final String BATCH_SAMPLES = "batchSamples";

  /** From the first sample of a batch to its end, milliseconds. */
  static final String BATCH_AGE = "batchAgeMillis";

  private MetricNames() {}
}
