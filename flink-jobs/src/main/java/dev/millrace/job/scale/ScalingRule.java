package dev.millrace.job.scale;

/** Decides from what waits how many task managers there should be. One thread uses it. */
final class ScalingRule {

  private static final long NEVER = Long.MIN_VALUE;

  private final ScalingConfig config;
  private long tooMuchSince = NEVER;
  private long tooLittleSince = NEVER;
  private long quietUntil = NEVER;

  ScalingRule(ScalingConfig config) {
    this.config = config;
  }

  /**
   * How many task managers to have from now on: as many as before, one more, or one fewer.
   *
   * @param waiting requests without an answer
   * @param running task managers
   */
  int decide(long nowMillis, double waiting, int running) {
    double each = waiting / Math.max(1, running);
    tooMuchSince = each > config.above() ? first(tooMuchSince, nowMillis) : NEVER;
    tooLittleSince = fewerWouldDo(waiting, running) ? first(tooLittleSince, nowMillis) : NEVER;
    if (nowMillis < quietUntil) {
      return running;
    }
    boolean more = held(tooMuchSince, nowMillis) && running < config.most();
    if (more || running < config.least()) {
      return changed(nowMillis, running + 1);
    }
    if (held(tooLittleSince, nowMillis) && running > config.least()) {
      return changed(nowMillis, running - 1);
    }
    return running;
  }

  /** One fewer must not bring the load to where one more is wanted. */
  private boolean fewerWouldDo(double waiting, int running) {
    return running > 1
        && waiting / running < config.below()
        && waiting / (running - 1) <= config.above() / 2;
  }

  private int changed(long nowMillis, int wanted) {
    quietUntil = nowMillis + config.settles().toMillis();
    tooMuchSince = NEVER;
    tooLittleSince = NEVER;
    return wanted;
  }

  private boolean held(long since, long nowMillis) {
    return since != NEVER && nowMillis - since >= config.holds().toMillis();
  }

  private static long first(long since, long nowMillis) {
    return since == NEVER ? nowMillis : since;
  }
}
