package dev.millrace.model.score;

import org.jspecify.annotations.Nullable;

/** The same few phrases over and over. */
record Repetition(double least) implements Stage {

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    double share = share(candidate.text);
    return share < least
        ? Refusal.of(
            Reason.REPETITION,
            "share %.3f of distinct 4-grams, expected at least %.3f",
            share,
            least)
        : null;
  }

  private static final int CHARS = 4096;

  /** Four characters fill a long. */
  private static final int GRAM = 4;

  private static final int BITS = 16;

  private static double share(String text) {
    int grams = Math.min(text.length(), CHARS) - GRAM + 1;
    if (grams < 1) {
      return 1;
    }
    long[] seen = new long[1 << BITS >>> 6];
    long gram = 0;
    for (int i = 0; i < grams + GRAM - 1; i++) {
      gram = gram << 16 | text.charAt(i);
      if (i >= GRAM - 1) {
        int bit = (int) (TextHash.mix(gram) >>> (Long.SIZE - BITS));
        seen[bit >>> 6] |= 1L << bit;
      }
    }
    int distinct = 0;
    for (long bits : seen) {
      distinct += Long.bitCount(bits);
    }
    return distinct / (double) grams;
  }
}
