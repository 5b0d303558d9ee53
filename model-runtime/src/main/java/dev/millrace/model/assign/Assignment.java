package dev.millrace.model.assign;

import java.util.Arrays;
import java.util.Map;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * A domain that a text was assigned to.
 *
 * @param nats how much more the text speaks for it than for what the base knows
 */
public record Assignment<K>(K domain, double nats) {

  /** With less evidence than this the text is the base's. */
  public static final double LEAST_NATS = 2;

  /** Tokens of a text that are judged: its last. */
  private static final int JUDGED = 512;

  private static final double MICRO = 1e6;

  /**
   * The domain that a text speaks for most, the first of them in order where two are level; null if
   * it speaks for none enough. A function of the profiles and the text.
   */
  public static <K> @Nullable Assignment<K> of(int[] text, SortedMap<K, Profile> profiles) {
    int[] judged = Arrays.copyOfRange(text, Math.max(0, text.length - JUDGED), text.length);
    Arrays.sort(judged); // once for all profiles
    Assignment<K> best = null;
    for (Map.Entry<K, Profile> entry : profiles.entrySet()) {
      double nats = entry.getValue().odds(judged) / MICRO;
      if (nats >= LEAST_NATS && (best == null || nats > best.nats())) {
        best = new Assignment<>(entry.getKey(), nats);
      }
    }
    return best;
  }
}
