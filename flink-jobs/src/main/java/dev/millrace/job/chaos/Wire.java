package dev.millrace.job.chaos;

/**
 * What a relay does to what passes it.
 *
 * @param holds nothing passes, as if the cable were out
 * @param delayMillis by which each piece is late
 * @param bytesPerSecond greatest rate of each direction of a connection; 0 for any
 * @param resets connections are torn down, new ones too
 */
record Wire(boolean holds, long delayMillis, int bytesPerSecond, boolean resets) {

  static final Wire CLEAR = new Wire(false, 0, 0, false);
  static final Wire CUT = new Wire(true, 0, 0, false);
  static final Wire DELAYING = new Wire(false, 300, 0, false);
  static final Wire DRIPPING = new Wire(false, 0, 4_096, false);
  static final Wire RESETTING = new Wire(false, 0, 0, true);
}
