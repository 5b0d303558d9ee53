package dev.millrace.model.score;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What judges within what would teach: a held-out text that is a passage of it, which as wholes may
 * have little in common, and near copies across both sides that share no band.
 */
record Contamination(double similarity) implements Stage {

  /** Shorter passages say little. */
  private static final int LEAST_BYTES = 96;

  /** Of what stands there as it is; texts of one template have less. */
  private static final double VERBATIM = 0.8;

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    if (candidate.heldOut) {
      double toTraining = memory.near.mostSimilar(candidate.signature);
      return toTraining < similarity
          ? null
          : refusal(Reason.HELD_OUT_NEAR_TRAIN, "", toTraining, similarity);
    }
    double toHeldOut = memory.heldOut.mostSimilar(candidate.signature);
    if (toHeldOut >= similarity) {
      return refusal(Reason.NEAR_HELD_OUT, "", toHeldOut, similarity);
    }
    double ofPassage = ofPassages(candidate.normalized, memory.heldOut);
    return ofPassage < VERBATIM
        ? null
        : refusal(Reason.NEAR_HELD_OUT, " of a passage", ofPassage, VERBATIM);
  }

  /** Of windows, each three quarters as long as the next longer ones, a quarter of one apart. */
  private double ofPassages(byte[] text, SignatureRing heldOut) {
    double most = 0;
    for (int length = text.length * 3 / 4; length >= LEAST_BYTES; length = length * 3 / 4) {
      for (int from = 0; from + length <= text.length; from += length / 4) {
        if (ofWindow(text, from, length, heldOut) >= similarity) {
          most = Math.max(most, around(text, from, length, heldOut));
        }
      }
    }
    return most;
  }

  /** Of the windows that lie about there, an eighth longer or shorter, and a sixteenth apart. */
  private static double around(byte[] text, int from, int length, SignatureRing heldOut) {
    double most = 0;
    for (int eighths = 6; eighths <= 10; eighths++) {
      for (int sixteenths = -6; sixteenths <= 6; sixteenths++) {
        int at = Math.max(0, from + sixteenths * length / 16);
        int to = Math.min(text.length, at + eighths * length / 8);
        most = Math.max(most, ofWindow(text, at, to - at, heldOut));
      }
    }
    return most;
  }

  private static double ofWindow(byte[] text, int from, int length, SignatureRing heldOut) {
    return heldOut.size() == 0
        ? 0
        : heldOut.nearest(MinHash.of(Arrays.copyOfRange(text, from, from + length)));
  }

  private static Refusal refusal(Reason reason, String of, double found, double most) {
    return Refusal.of(reason, "similarity %.2f%s, expected below %.2f", found, of, most);
  }
}
