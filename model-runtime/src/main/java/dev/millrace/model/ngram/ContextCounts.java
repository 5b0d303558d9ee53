package dev.millrace.model.ngram;

/**
 * What followed contexts of one length, in bytes: grams are contexts with the byte that followed.
 *
 * @param grams how often a gram occurred
 * @param totals how many bytes followed a context
 * @param followers how many different bytes followed a context
 */
record ContextCounts(int length, GramCounts grams, GramCounts totals, GramCounts followers) {

  /** Keeps a key of zero bytes apart from an empty slot. */
  private static final long MARK = 1L << 56;

  ContextCounts(int length) {
    this(length, new GramCounts(), new GramCounts(), new GramCounts());
  }

  /** Counts the last {@code length + 1} bytes of the window. */
  void add(long window, int count) {
    grams.add(key(window, length + 1), count);
  }

  /** Each gram without its oldest byte is a gram of the next shorter context. */
  void addTo(ContextCounts shorter) {
    grams.forEach(shorter::add);
  }

  void sumUp() {
    grams.forEach(
        (key, count) -> {
          long context = key((key & ~MARK) >>> 8, length);
          totals.add(context, count);
          followers.add(context, 1);
        });
  }

  /**
   * The probability of the window's last byte after the {@code length} bytes before it.
   *
   * @param shorter the probability that the next shorter context gives
   */
  double interpolate(long window, double shorter) {
    long context = key(window >>> 8, length);
    int total = totals.get(context);
    if (total == 0) {
      return shorter;
    }
    int different = followers.get(context);
    return (grams.get(key(window, length + 1)) + different * shorter)
        / ((double) total + different);
  }

  private static long key(long window, int bytes) {
    return (window & ((1L << (8 * bytes)) - 1)) | MARK;
  }
}
