package dev.millrace.model.score;

import java.util.BitSet;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The same few phrases over and over. */
final class Repetition implements Stage {

  private final double least;

  Repetition(double least) {
    this.least = least;
  }

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    double share = share(candidate.normalized());
    return share < least
        ? new Refusal(
            Reason.REPETITION,
            String.format(
                Locale.ROOT,
                "share %.3f of distinct 4-grams, expected at least %.3f",
                share,
                least))
        : null;
  }

  private static final int CHARS = 4096;

  /** Four characters fill a long. */
  private static final int GRAM = 4;

  private static final int BITS = 1 << 16;

  private static double share(String text) {
    int grams = Math.min(text.length(), CHARS) - GRAM + 1;
    if (grams < 1) {
      return 1;
    }
    BitSet seen = new BitSet(BITS);
    long gram = 0;
    for (int i = 0; i < grams + GRAM - 1; i++) {
      gram = gram << 16 | text.charAt(i);
      if (i >= GRAM - 1) {
        seen.set((int) (TextHash.mix(gram) >>> 48));
      }
    }
    return seen.cardinality() / (double) grams;
  }
}
