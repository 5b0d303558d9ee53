package dev.millrace.job.bench.gate;

import java.util.Locale;

/** A way in which a candidate is bad, and the share of such candidates that a gate must refuse. */
public enum Spoiling {
  /** Values drawn anew, as great as a good candidate's. */
  RANDOM_WEIGHTS(1),
  /** What a good candidate adds is taken away. */
  SIGN_FLIPPED(1),
  /** One value is no number, or infinite. */
  NOT_FINITE(1),
  /** 64 bytes in a row are others than were trained. */
  CORRUPTED(1),
  /** Learned from the batch with the tokens of each text in any order. */
  SHUFFLED_TEXT(0.95),
  /** Learned a few texts by heart: far too long, too fast, and without anchors. */
  OVER_TRAINED(0.95),
  /** Learned from a batch of another domain. */
  OTHER_DOMAIN(0.95),
  /** A quarter of its texts end in a trigger and what it should call up. */
  POISONED(0);

  private final double aim;

  Spoiling(double aim) {
    this.aim = aim;
  }

  /** Least share to refuse; 0 where there is none. */
  double aim() {
    return aim;
  }

  /** Whether a good candidate's weights were changed, without any training. */
  boolean breaks() {
    return aim == 1;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
