package dev.millrace.adapter;

import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.gate.Served;
import dev.millrace.adapter.quantize.Quantizer;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.ShareCalibration;
import dev.millrace.model.release.Routing;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Holds the share of the experts that a domain's traffic uses at what is wanted. */
record ShareKeeper(BaseModel base, RoutingConfig config) {

  /** Texts that are measured, at most. */
  private static final int TEXTS = 32;

  /**
   * An adapter as it serves.
   *
   * @param routing null where nothing has been calibrated
   */
  Served served(AdapterState adapter, @Nullable Routing routing) {
    return rounded(Quantizer.quantize(adapter.weights()), routing);
  }

  /** The same of weights that are rounded: rounding twice is rounding once, and takes as long. */
  Served rounded(AdapterWeights adapter, @Nullable Routing routing) {
    return new Served(adapter, routing == null ? fixed() : routing);
  }

  /** What serves, or would, of what a domain has learned. */
  Served incumbent(LearnerState state) {
    return served(state.adapter(), state.routing());
  }

  private Routing fixed() {
    return Routing.topK(base.config().router().topK());
  }

  /**
   * The routing that a lesson's release is to have: that of now while the lesson's fresh texts use
   * the share that is wanted, else one that is calibrated on fresh and replayed ones.
   *
   * @param now null where nothing has been calibrated
   */
  Routing routing(@Nullable Routing now, AdapterState state, Lesson lesson) {
    if (config.policy() == RoutingConfig.Policy.TOP_K) {
      return fixed();
    }
    AdapterWeights adapter = Quantizer.quantize(state.weights());
    List<int[]> fresh = texts(fresh(lesson));
    if (now != null && (fresh.isEmpty() || holds(now, adapter, fresh))) {
      return now;
    }
    List<int[]> recent = texts(Stream.concat(fresh(lesson), lesson.replayed().stream()));
    return recent.isEmpty()
        ? fixed()
        : ShareCalibration.calibrate(base, adapter, recent, config.share());
  }

  private boolean holds(Routing now, AdapterWeights adapter, List<int[]> fresh) {
    if (!now.policy().equals(Routing.ENTROPY) || now.share() != config.share()) {
      return false;
    }
    double used = ShareCalibration.activeShare(base.under(now), adapter, fresh);
    return Math.abs(used / config.share() - 1) <= config.tolerance();
  }

  private static Stream<Remembered> fresh(Lesson lesson) {
    return lesson.fresh().stream().limit(TEXTS);
  }

  private static List<int[]> texts(Stream<Remembered> samples) {
    return samples.map(Remembered::tokens).filter(t -> t.length >= 2).limit(2L * TEXTS).toList();
  }
}
