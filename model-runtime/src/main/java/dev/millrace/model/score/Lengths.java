package dev.millrace.model.score;

import java.nio.ByteBuffer;

/** Reads how many of something follow: what is damaged must not say how much is allocated. */
final class Lengths {

  private Lengths() {}

  /**
   * A number of things of so many bytes each, at least.
   *
   * @throws IllegalArgumentException if it is negative, or fewer bytes follow
   */
  static int read(ByteBuffer in, int bytes) {
    return read(in, bytes, Integer.MAX_VALUE);
  }

  /** The same of what is never more than so many. */
  static int read(ByteBuffer in, int bytes, int most) {
    int at = in.position();
    int count = in.getInt();
    int fit = Math.min(most, in.remaining() / bytes);
    if (count < 0 || count > fit) {
      throw new IllegalArgumentException(
          "domain memory is cut short or damaged: %d things of %d bytes at byte %d of %d, expected 0 to %d"
              .formatted(count, bytes, at, in.limit(), fit));
    }
    return count;
  }
}
