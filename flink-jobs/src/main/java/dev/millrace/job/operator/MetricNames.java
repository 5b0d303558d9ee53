package dev.millrace.job.operator;

/** What the operators count, all in one group of theirs; {@code docs/metrics.md} is the table. */
final class MetricNames {

  /** The group of everything below. */
  static final String GROUP = "millrace";

  /** Groups with a value each: these become labels. */
  static final String DOMAIN = "domain";

  static final String REASON = "reason";
  static final String OUTCOME = "outcome";
  static final String RELEASE = "release";

  /** Samples that may teach or judge. */
  static final String ACCEPTED = "accepted";

  /** Samples that teach nothing, by reason. */
  static final String REFUSED = "refused";

  /** Samples that named no domain, by the one they were assigned to. */
  static final String ASSIGNED = "assigned";

  /** Domains opened for samples that named none. */
  static final String DOMAINS_FOUND = "domainsFound";

  /** Samples that named no domain and belong to none. */
  static final String DOMAIN_UNKNOWN = "domainUnknown";

  /** Samples without a domain that wait for others that agree. */
  static final String UNLABELLED = "unlabelled";

  /** How often the texts of a domain were no longer distributed as before. */
  static final String DRIFTS = "drifts";

  /** Samples in the batch that gathers. */
  static final String GATHERING = "gathering";

  /** Samples of each batch. */
  static final String BATCH_SAMPLES = "batchSamples";

  /** From the first sample of a batch to its end, milliseconds. */
  static final String BATCH_AGE = "batchAgeMillis";

  /** Batches judged, by what came of them: {@code accepted}, or the first rule that failed. */
  static final String VERDICTS = "verdicts";

  /** Releases published. */
  static final String RELEASES = "releases";

  /** Since the last release was published, seconds. */
  static final String RELEASE_AGE = "releaseAgeSeconds";

  /** Of the last training. */
  static final String TRAIN_TOKENS = "trainTokensPerSecond";

  /** Of the last training's last step, nats per token. */
  static final String TRAIN_LOSS = "trainLoss";

  /** Share of the experts that held-out tokens were read by, under the last candidate. */
  static final String ACTIVE_EXPERTS = "activeExpertShare";

  /** Share of a held-out token's experts that the last candidate kept. */
  static final String ROUTING_AGREEMENT = "routingAgreement";

  /** Batches that wait to be learned, or are being learned: of all domains, and of each. */
  static final String PENDING = "pending";

  /** How long a batch has been learned so far, seconds; 0 where none is. */
  static final String LEARNING = "learningSeconds";

  /** 1 while that batch is trained or repaired; 0 while it is judged, or none is learned. */
  static final String TRAINING = "training";

  /** Domains that wait: the store cannot be read for an order, or not be written. */
  static final String HELD = "held";

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

  /** Resident memory of the process that is neither Java heap nor other memory of the JVM. */
  static final String NATIVE_BYTES = "nativeBytes";

  private MetricNames() {}
}
