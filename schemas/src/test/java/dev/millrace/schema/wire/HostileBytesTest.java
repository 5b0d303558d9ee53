package dev.millrace.schema.wire;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Whatever the bytes, a codec answers with a record or with {@link InvalidRecordException}. */
class HostileBytesTest {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Far above what a value of some hundred bytes needs, far below what a hostile length asks. */
  private static final long MOST_ALLOCATED = 4 << 20;

  private record Valid<T>(Codec<T> codec, byte[] bytes) {}

  @Provide
  Arbitrary<Valid<?>> valid() {
    return Arbitraries.oneOf(
        List.of(
            valid(Codecs.samples(), Records.samples()),
            valid(Codecs.rejections(), Records.rejections()),
            valid(Codecs.verdicts(), Records.verdicts()),
            valid(Codecs.releases(), Records.releases()),
            valid(Codecs.requests(), Records.requests()),
            valid(Codecs.answers(), Records.answers()),
            valid(Codecs.chunks(), Records.chunks())));
  }

  @Property(tries = 6000)
  void decode_mutatedBytes_failsOnlyByRefusingAndAllocatesLittle(
      @ForAll("valid") Valid<?> valid, @ForAll Random random) {
    byte[] mutated = mutated(valid.bytes(), random);
    long before = THREADS.getCurrentThreadAllocatedBytes();
    decode(valid.codec(), mutated);
    long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    assertTrue(allocated < MOST_ALLOCATED, allocated + " bytes allocated");
  }

  @Property(tries = 2000)
  void decode_noiseBehindAHeader_failsOnlyByRefusing(
      @ForAll("valid") Valid<?> valid, @ForAll byte[] noise) {
    byte[] bytes = new byte[Header.LENGTH + noise.length];
    System.arraycopy(valid.bytes(), 0, bytes, 0, Header.LENGTH);
    System.arraycopy(noise, 0, bytes, Header.LENGTH, noise.length);
    decode(valid.codec(), bytes);
  }

  private static void decode(Codec<?> codec, byte[] bytes) {
    try {
      codec.decode(bytes, Records.HERE);
    } catch (InvalidRecordException refused) {
      assertFalse(refused.reason().isEmpty() || refused.detail().isEmpty());
      assertFalse(refused.detail().contains("does not read"), refused.detail());
    }
  }

  /** One to four changes behind the header: a byte set, a bit flipped, a length blown up, a cut. */
  private static byte[] mutated(byte[] bytes, Random random) {
    byte[] mutated = bytes.clone();
    for (int change = random.nextInt(4); change >= 0; change--) {
      if (mutated.length <= Header.LENGTH) {
        return mutated;
      }
      int at = Header.LENGTH + random.nextInt(mutated.length - Header.LENGTH);
      switch (random.nextInt(4)) {
        case 0 -> mutated[at] = (byte) random.nextInt();
        case 1 -> mutated[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> {
          for (int i = at; i < Math.min(at + 4, mutated.length); i++) {
            mutated[i] = (byte) 0xFF;
          }
        }
        default -> mutated = Arrays.copyOf(mutated, at);
      }
    }
    return mutated;
  }

  private static <T> Arbitrary<Valid<?>> valid(Codec<T> codec, Arbitrary<T> records) {
    return records.map(value -> new Valid<>(codec, codec.encode(value)));
  }
}
