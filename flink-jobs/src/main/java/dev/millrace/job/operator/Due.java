package dev.millrace.job.operator;

/** When a span is over. */
public final class Due {

  private Due() {}

  /** Never, if it is longer than can be counted. */
  public static long after(long nowMillis, long spanMillis) {
    long due = nowMillis + spanMillis;
    return due < nowMillis ? Long.MAX_VALUE : due;
  }
}
