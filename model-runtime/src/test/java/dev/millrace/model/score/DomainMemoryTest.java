package dev.millrace.model.score;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DomainMemoryTest {

  private static final MemoryLimits LIMITS = new MemoryLimits(100, 80, 20, 10, 40);

  @Test
  void fromBytes_whatToBytesWrote_isTheSameMemory() {
    byte[] bytes = filled(150).toBytes();
    assertArrayEquals(bytes, DomainMemory.fromBytes(bytes, LIMITS).toBytes());
  }

  @Test
  void fromBytes_smallerLimits_keepWhatIsNewest() {
    MemoryLimits smaller = new MemoryLimits(10, 8, 20, 5, 40);
    DomainMemory memory = DomainMemory.fromBytes(filled(150).toBytes(), smaller);
    assertEquals(10, memory.exact().size());
    assertEquals(1, memory.exact().nearest(new long[] {TextHash.mix(149)}));
    assertEquals(0, memory.exact().nearest(new long[] {TextHash.mix(1)}));
  }

  @Test
  void fromBytes_cutOrForeign_isRefusedWithTheReason() {
    byte[] bytes = filled(20).toBytes();
    assertRefused(Arrays.copyOf(bytes, bytes.length - 1), "cut short");
    assertRefused(new byte[0], "not of version 1");
    bytes[0] = 9;
    assertRefused(bytes, "not of version 1");
  }

  private static void assertRefused(byte[] bytes, String message) {
    String found =
        assertThrows(IllegalArgumentException.class, () -> DomainMemory.fromBytes(bytes, LIMITS))
            .getMessage();
    assertTrue(found.contains(message), found);
  }

  private static DomainMemory filled(int count) {
    Random random = new Random(5);
    DomainMemory memory = DomainMemory.empty(LIMITS);
    for (int i = 0; i < count; i++) {
      memory.countSeen();
      memory.exact().add(new long[] {TextHash.mix(i)});
      memory.qualities().add(random.nextDouble());
      Candidate candidate = new Candidate(Samples.of("d", "text"), i % 10 == 0);
      candidate.signature(MinHash.of(Samples.words(random, 30)));
      candidate.embedding(new float[] {random.nextFloat(), random.nextFloat()});
      memory.remember(candidate);
    }
    return memory;
  }
}
