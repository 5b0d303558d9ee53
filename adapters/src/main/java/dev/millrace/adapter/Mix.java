package dev.millrace.adapter;

import dev.millrace.adapter.train.AdapterState;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * How a candidate comes of what training led to; in a manifest it stands among the hyperparameters,
 * of which each belongs to one release and to no configuration.
 *
 * @param share how much of what training changed the candidate takes over, 0..1
 * @param anchors how many times as much the anchors weighed as the configuration has it
 * @param blend where they weighed more: how far the candidate goes from there to what training with
 *     the configured weight leads to, 0..1
 * @param repairs passes of anchors alone that followed the training
 */
record Mix(double share, double anchors, double blend, int repairs) {
  private static final String SHARE = "share";
  private static final String ANCHORS = "anchors";
  private static final String BLEND = "blend";
  private static final String REPAIRS = "repairs";

  /** All of what training with the configured weight changed. */
  static final Mix WHOLE = new Mix(1, 1, 0, 0);

  /**
   * The candidate.
   *
   * @param trained what training with these anchors, and the repairs, led to
   * @param plain what training with the configured weight led to
   */
  AdapterState of(AdapterState before, AdapterState trained, AdapterState plain) {
    AdapterState shared = before.toward(trained, share);
    return blend == 0 ? shared : shared.toward(plain, blend);
  }

  void write(SortedMap<String, String> hyperparameters) {
    hyperparameters.put(SHARE, Double.toString(share));
    if (anchors != 1) {
      hyperparameters.put(ANCHORS, Double.toString(anchors));
      hyperparameters.put(BLEND, Double.toString(blend));
    }
    if (repairs > 0) {
      hyperparameters.put(REPAIRS, Integer.toString(repairs));
    }
  }

  /** Takes what {@link #write} has written out again. */
  static Mix take(SortedMap<String, String> hyperparameters) {
    return new Mix(
        number(hyperparameters.remove(SHARE), 1),
        number(hyperparameters.remove(ANCHORS), 1),
        number(hyperparameters.remove(BLEND), 0),
        (int) number(hyperparameters.remove(REPAIRS), 0));
  }

  private static double number(@Nullable String text, double absent) {
    return text == null ? absent : Double.parseDouble(text);
  }
}
