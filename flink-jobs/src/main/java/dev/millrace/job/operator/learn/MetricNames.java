package dev.millrace.job.operator.learn;

/** What scoring and learning count; {@code docs/metrics.md} is the table. */
final class MetricNames {

  /** Groups with a value each: these become labels. */
  static final String REASON = "reason";

  static final String OUTCOME = "outcome";

  /** Samples that may teach or judge. */
  static final String ACCEPTED = "accepted";

  /** Samples that teach nothing, by reason. */
  static final String REFUSED = "refused";

  /** How often the texts of a domain were no longer distributed as before. */
  static final String DRIFTS = "drifts";

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

  private MetricNames() {}
}
