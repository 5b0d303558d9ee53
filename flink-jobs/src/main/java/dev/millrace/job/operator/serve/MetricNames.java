package dev.millrace.job.operator.serve;

/** What serving counts; {@code docs/metrics.md} is the table. */
final class MetricNames {

  /** A group with a value: it becomes a label. */
  static final String RELEASE = "release";

  /** Answers by the release that gave them, {@code base} for the base alone. */
  static final String ANSWERS = "answers";

  /** Answers that name an error. */
  static final String FAILED = "failed";

  /** Those that name a mistake of their request. */
  static final String MISTAKEN = "mistaken";

  /** From a request's arrival to its answer, milliseconds. */
  static final String ANSWER_MILLIS = "answerMillis";

  /** Requests without an answer. */
  static final String WAITING = "waiting";

  /** Requests that the model is at. */
  static final String RUNNING = "running";

  /** Tokens of answers that were guessed. */
  static final String DRAFTED = "draftedTokens";

  /** Those that were guessed right. */
  static final String ACCEPTED_DRAFTS = "acceptedTokens";

  /** Requests refused because too many waited. */
  static final String OVERLOADED = "overloaded";

  /** Requests that other requests cancelled. */
  static final String CANCELLED = "cancelled";

  /** Releases that went live. */
  static final String SWAPS = "swaps";

  /** From the start of a release's fetch until it answers, milliseconds. */
  static final String SWAP_MILLIS = "swapMillis";

  /** Releases that could not go live. */
  static final String FAILED_SWAPS = "failedSwaps";

  /** The group of what the cache of a process did. */
  static final String CACHE = "cache";

  static final String SEMANTIC = "semantic";

  /** The group of the releases in memory. */
  static final String ADAPTERS = "adapters";

  private MetricNames() {}
}
