package dev.millrace.model.swap;

import java.nio.ByteBuffer;

/** Who asks, as a number: the same key is always the same caller. */
public final class Caller {

  /** Nobody in particular, whom no release on trial answers. */
  public static final long NOBODY = 0;

  private static final long OFFSET_BASIS = 0xCBF29CE484222325L;
  private static final long PRIME = 0x100000001B3L;

  private Caller() {}

  /** The caller with a key: FNV-1a, mixed. */
  public static long of(ByteBuffer key) {
    long hash = OFFSET_BASIS;
    for (int i = key.position(); i < key.limit(); i++) {
      hash = (hash ^ (key.get(i) & 0xff)) * PRIME;
    }
    long mixed = mix(hash);
    return mixed == NOBODY ? 1 : mixed;
  }

  /** Where a caller stands, 0 to 1, for one release: others for another. */
  static double place(long caller, String release) {
    long of = mix(caller ^ mix(release.hashCode()));
    return (of >>> 11) * 0x1.0p-53;
  }

  /** The finalizer of SplitMix64. */
  private static long mix(long value) {
    long a = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    long b = (a ^ (a >>> 27)) * 0x94D049BB133111EBL;
    return b ^ (b >>> 31);
  }
}
