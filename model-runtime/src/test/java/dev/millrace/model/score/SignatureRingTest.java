package dev.millrace.model.score;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SignatureRingTest {

  @Test
  void nearest_anyHistory_agreesWithASearchOverTheLastSoMany() {
    Random random = new Random(1);
    for (int capacity : new int[] {1, 2, 7, 64, 65, 200}) {
      SignatureRing ring = new SignatureRing(2, capacity);
      ArrayDeque<long[]> last = new ArrayDeque<>();
      for (int i = 0; i < 500; i++) {
        long[] probe = signature(random);
        String at = "capacity " + capacity + " at " + i;
        assertEquals(naive(last, probe, true), ring.nearest(probe), at);
        assertEquals(naive(last, probe, false), ring.mostSimilar(probe), at);
        ring.add(probe);
        last.add(probe);
        if (last.size() > capacity) {
          last.remove();
        }
      }
      assertEquals(0, ring.roomBytes());
    }
  }

  @Test
  void read_whatWasWritten_keepsOrderAndContents() {
    Random random = new Random(2);
    SignatureRing ring = new SignatureRing(2, 100);
    for (int i = 0; i < 250; i++) {
      ring.add(signature(random));
    }
    SignatureRing copy = new SignatureRing(2, 100);
    copy.read(written(ring));
    for (int i = 0; i < 250; i++) {
      long[] probe = signature(random);
      assertEquals(ring.nearest(probe), copy.nearest(probe));
      ring.add(probe);
      copy.add(probe);
    }
    assertEquals(written(ring), written(copy));
  }

  private static ByteBuffer written(SignatureRing ring) {
    ByteBuffer out = ByteBuffer.allocate(ring.encodedBytes());
    ring.write(out);
    return out.flip();
  }

  /** Bytes of two values, so that bands collide often. */
  private static long[] signature(Random random) {
    byte[] bytes = new byte[16];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) random.nextInt(2);
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    return new long[] {in.getLong(), in.getLong()};
  }

  private static double naive(Iterable<long[]> entries, long[] probe, boolean byBands) {
    double best = 0;
    for (long[] entry : entries) {
      byte[] a = bytes(entry);
      byte[] b = bytes(probe);
      int equal = 0;
      boolean sharesBand = !byBands;
      for (int band = 0; band < 4; band++) {
        sharesBand |= Arrays.equals(a, 4 * band, 4 * band + 4, b, 4 * band, 4 * band + 4);
      }
      for (int i = 0; i < 16; i++) {
        equal += a[i] == b[i] ? 1 : 0;
      }
      best = sharesBand ? Math.max(best, equal / 16.0) : best;
    }
    return best;
  }

  private static byte[] bytes(long[] signature) {
    return ByteBuffer.allocate(16).putLong(signature[0]).putLong(signature[1]).array();
  }
}
