package dev.millrace.model.distil;

/** What a student's weights are before its first step. */
public enum Beginning {
  /** Drawn at random. */
  DRAWN(6e-3),
  /** Drawn, but for an embedding made of the teacher's. */
  HINTED(6e-3),
  /** Cut out of the teacher's. */
  CUT(3e-3);

  private final double rate;

  Beginning(double rate) {
    this.rate = rate;
  }

  /** The greatest learning rate that suits it. */
  double rate() {
    return rate;
  }
}
