package dev.millrace.model.score;

import java.nio.ByteBuffer;

/** What the figures of recent texts were: how unusual another text is among them. */
final class Usual {

  private final QualityWindow losses;
  private final QualityWindow gains;
  private final QualityWindow worst;
  private final QualityWindow surprises;

  Usual(int capacity) {
    losses = new QualityWindow(capacity);
    gains = new QualityWindow(capacity);
    worst = new QualityWindow(capacity);
    surprises = new QualityWindow(capacity);
  }

  /**
   * How well a text lies within the band of what its domain accepts, 0..1: by the figure that lies
   * farthest from its median, in median deviations. A low loss under the reference is a copy of
   * what was learned, a high one does not belong here; a window of high loss is a foreign piece, an
   * unusual gain a wrong order of words, a base more surprised than it expected to be is noise.
   */
  double within(Reference.Fit fit, double surprise) {
    double loss = Math.abs(losses.deviation(fit.loss()));
    double gain = Math.abs(gains.deviation(fit.gain()));
    double tail = Math.max(worst.deviation(fit.worst()), surprises.deviation(surprise));
    return 1 / (1 + Math.max(0, Math.max(tail, Math.max(loss, gain))));
  }

  void add(Reference.Fit fit, double surprise) {
    losses.add(fit.loss());
    gains.add(fit.gain());
    worst.add(fit.worst());
    surprises.add(surprise);
  }

  int encodedBytes() {
    return losses.encodedBytes()
        + gains.encodedBytes()
        + worst.encodedBytes()
        + surprises.encodedBytes();
  }

  void write(ByteBuffer out) {
    losses.write(out);
    gains.write(out);
    worst.write(out);
    surprises.write(out);
  }

  void read(ByteBuffer in) {
    losses.read(in);
    gains.read(in);
    worst.read(in);
    surprises.read(in);
  }
}
