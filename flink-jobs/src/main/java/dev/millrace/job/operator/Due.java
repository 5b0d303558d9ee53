package dev.millrace.job.operator;

/** When a span is over. */
final class Due {

  private Due() {}

  /** Never, if it is longer than can be counted. */
  static long after(long nowMillis, long spanMillis) {
    long due = nowMillis + spanMillis;
    return due < nowMillis ? Long.MAX_VALUE : due;
  }
}
