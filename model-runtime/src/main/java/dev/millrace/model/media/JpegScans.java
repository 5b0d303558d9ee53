package dev.millrace.model.media;

/**
 * The scans of a JPEG file (ITU-T T.81, annex B), found as a decoder finds them: a decoder goes
 * over all pixels in each, and a few bytes are one.
 */
final class JpegScans {

  private static final int SOF0 = 0xc0;
  private static final int RST0 = 0xd0;
  private static final int SOI = 0xd8;
  private static final int EOI = 0xd9;
  private static final int SOS = 0xda;
  private static final int FILL = 0xff;

  private JpegScans() {}

  /** How many there are before the end. */
  static int count(byte[] jpeg) {
    int scans = 0;
    int marker = 0;
    for (int at = 0; at + 1 < jpeg.length && marker != EOI; at += length(jpeg, at, marker)) {
      marker = jpeg[at] == (byte) FILL ? jpeg[at + 1] & 0xff : FILL;
      scans += marker == SOS ? 1 : 0;
    }
    return scans;
  }

  /**
   * How far the next place is where a marker may stand. Behind one that is reserved, before SOF0, a
   * decoder that looks for a restart goes on at once: no length counts there.
   */
  private static int length(byte[] jpeg, int at, int marker) {
    if (marker == FILL) {
      return 1;
    }
    boolean alone = marker < SOF0 || (marker >= RST0 && marker <= SOI) || at + 3 >= jpeg.length;
    return alone ? 2 : 2 + ((jpeg[at + 2] & 0xff) << 8 | (jpeg[at + 3] & 0xff));
  }
}
