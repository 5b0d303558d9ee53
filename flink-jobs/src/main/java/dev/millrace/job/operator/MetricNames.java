package dev.millrace.job.operator;

/** What the operators count, under their own metric groups. */
final class MetricNames {
  /** Batches learned, whether or not they led to a release. */
  static final String BATCHES = "batches";

  /** Releases published. */
  static final String RELEASES = "releases";

  /** Batches that wait to be learned, or are being learned. */
  static final String PENDING = "pending";

  /** Requests answered, those with an error too. */
  static final String ANSWERS = "answers";

  /** Requests without an answer. */
  static final String WAITING = "waiting";

  /** Requests that the model is at. */
  static final String RUNNING = "running";

  /** Requests refused because too many waited. */
  static final String OVERLOADED = "overloaded";

  /** Requests that other requests cancelled. */
  static final String CANCELLED = "cancelled";

  /** Releases that went live. */
  static final String SWAPS = "swaps";

  /** Releases that could not go live. */
  static final String FAILED_SWAPS = "failedSwaps";

  /** Samples that may teach or judge. */
  static final String ACCEPTED = "accepted";

  /** The group of counters of refused samples, one a reason. */
  static final String REFUSED = "refused";

  /** How often the texts of a domain were no longer distributed as before. */
  static final String DRIFTS = "drifts";

  private MetricNames() {}
}
