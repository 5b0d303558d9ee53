package dev.millrace.model.score;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.align.Places;
import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.assign.TokenSet;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DomainMemoryTest {

  private static final MemoryLimits LIMITS = new MemoryLimits(100, 80, 20, 64, 10, 10, 40);

  private static final Readers READERS = new Readers("base", "encoders");

  private static final KnownTexts KNOWN = KnownTexts.of(List.of(), 100);

  @Test
  void fromBytes_whatToBytesWrote_isTheSameMemory() {
    byte[] bytes = filled(150).toBytes();
    assertArrayEquals(bytes, DomainMemory.fromBytes(bytes, LIMITS, READERS).toBytes());
  }

  /** Names may be invented, and have such a memory for ever. */
  @Test
  void toBytes_textThatWasRefusedBeforeItsLinesWereCounted_areFew() {
    DomainMemory memory = DomainMemory.empty(MemoryLimits.defaults(), READERS);
    memory.exact.add(new long[] {1});
    byte[] bytes = memory.toBytes();
    assertTrue(bytes.length < 1_000, bytes.length + " bytes");
    DomainMemory read = DomainMemory.fromBytes(bytes, MemoryLimits.defaults(), READERS);
    assertArrayEquals(bytes, read.toBytes());
  }

  @Test
  void roomBytes_signaturesUntilNoneFits_areWhatToBytesGrowsBy() {
    DomainMemory memory = filled(50);
    int most = memory.toBytes().length + memory.roomBytes();
    for (int i = 0; i < LIMITS.exact(); i++) {
      long[] signature = new Random(i).longs(MinHash.WORDS).toArray();
      memory.exact.add(Arrays.copyOf(signature, TextHash.WORDS));
      memory.near.add(signature);
      memory.heldOut.add(signature);
      memory.bags.add(signature);
      memory.heldOutBags.add(signature);
    }
    assertEquals(0, memory.roomBytes());
    assertEquals(most, memory.toBytes().length);
  }

  @Test
  void fromBytes_smallerLimits_keepWhatIsNewest() {
    MemoryLimits smaller = new MemoryLimits(10, 8, 4, 32, 9, 5, 40);
    DomainMemory memory = DomainMemory.fromBytes(filled(150).toBytes(), smaller, READERS);
    assertEquals(10, memory.exact.size());
    assertEquals(4, memory.heldOut.size());
    assertEquals(1, memory.exact.nearest(new long[] {TextHash.mix(149)}));
    assertEquals(0, memory.exact.nearest(new long[] {TextHash.mix(1)}));
  }

  @Test
  void fromBytes_cutOrForeign_isRefusedWithTheReason() {
    byte[] bytes = filled(20).toBytes();
    assertRefused(Arrays.copyOf(bytes, bytes.length - 1), "cut short");
    assertRefused(new byte[0], "0 bytes has version 0; expected 10");
    for (byte version : new byte[] {8, 11}) {
      bytes[0] = version;
      assertRefused(bytes, " bytes has version " + version + "; expected 10");
    }
  }

  /** State of before pairs that judge had signatures of their own. */
  @Test
  void fromBytes_ofTheVersionBefore_hasWhatStoodAmongTexts() {
    DomainMemory memory = filled(150);
    byte[] now = memory.toBytes();
    int counters = 1 + READERS.encodedBytes() + 3 * Long.BYTES;
    int rings = memory.exact.encodedBytes() + memory.near.encodedBytes();
    int pairs = counters + rings + memory.heldOut.encodedBytes() - Integer.BYTES;
    int bags = memory.bags.encodedBytes() + memory.heldOutBags.encodedBytes() - Integer.BYTES;
    byte[] before = without(without(now, pairs + Integer.BYTES + bags), pairs);
    before[0] = 9;
    assertArrayEquals(now, DomainMemory.fromBytes(before, LIMITS, READERS).toBytes());
  }

  private static byte[] without(byte[] bytes, int at) {
    byte[] cut = Arrays.copyOf(bytes, bytes.length - Integer.BYTES);
    System.arraycopy(bytes, at + Integer.BYTES, cut, at, cut.length - at);
    return cut;
  }

  @Test
  void fromBytes_lengthThatCannotBe_isRefusedWithTheReason() {
    byte[] bytes = filled(20).toBytes();
    for (int length : new int[] {-1, Integer.MAX_VALUE}) {
      ByteBuffer.wrap(bytes).putInt(1, length);
      assertRefused(bytes, "damaged: " + length + " things of 1 bytes at byte 1 of ");
    }
    assertRefused(Arrays.copyOf(filled(20).toBytes(), bytes.length + 1), "it ends at byte ");
  }

  /**
   * Wherever a length stands: what is read is as it was, or refused, and nothing else is thrown.
   */
  @Test
  void fromBytes_anyFourBytesDamaged_allocatesNoMoreThanThereIs() {
    byte[] bytes = filled(20).toBytes();
    for (int at = 1; at <= bytes.length - Integer.BYTES; at++) {
      for (int length : new int[] {-1, Integer.MAX_VALUE, 1 << 28}) {
        byte[] damaged = bytes.clone();
        ByteBuffer.wrap(damaged).putInt(at, length);
        try {
          assertNotNull(DomainMemory.fromBytes(damaged, LIMITS, READERS));
        } catch (IllegalArgumentException e) {
          assertTrue(e.getMessage().startsWith("domain memory is "), e::getMessage);
        }
      }
    }
  }

  @Test
  void fromBytes_ofAnotherBase_keepsWhatWasShownAndForgetsWhatTheBaseMadeOfIt() {
    DomainMemory before = filled(150);
    DomainMemory read =
        DomainMemory.fromBytes(before.toBytes(), LIMITS, new Readers("another", "others"));
    assertEquals(before.seen(), read.seen());
    assertEquals(before.near.size(), read.near.size());
    assertEquals(before.heldOut.size(), read.heldOut.size());
    assertEquals(before.reference.learned(), read.reference.learned());
    assertEquals(0, read.embeddings.size() + read.qualities.size() + read.pairs().size());
    assertEquals(
        DomainMemory.empty(LIMITS, READERS).neighbours.encodedBytes(),
        read.neighbours.encodedBytes());
    assertArrayEquals(
        read.toBytes(),
        DomainMemory.fromBytes(read.toBytes(), LIMITS, new Readers("another", "others")).toBytes());
  }

  @Test
  void fromBytes_ofOtherEncoders_forgetsPairsAlone() {
    DomainMemory before = filled(150);
    DomainMemory read =
        DomainMemory.fromBytes(before.toBytes(), LIMITS, new Readers("base", "others"));
    assertEquals(0, read.pairs().size() + read.fits.size());
    assertEquals(before.embeddings.size(), read.embeddings.size());
    assertEquals(before.qualities.size(), read.qualities.size());
    assertEquals(before.neighbours.encodedBytes(), read.neighbours.encodedBytes());
  }

  @Test
  void pairs_ofMoreThanFit_areTheLastInTheirOrder() {
    DomainMemory memory = DomainMemory.empty(LIMITS, READERS);
    for (int i = 0; i < 2 * LIMITS.embeddings() + 3; i++) {
      memory.media.add(new float[] {i, 1});
      memory.captions.add(new float[] {i, 2});
    }
    DomainMemory read = DomainMemory.fromBytes(memory.toBytes(), LIMITS, READERS);
    for (List<Places> pairs : List.of(memory.pairs(), read.pairs())) {
      assertEquals(LIMITS.embeddings(), pairs.size());
      for (int i = 0; i < pairs.size(); i++) {
        assertArrayEquals(new float[] {LIMITS.embeddings() + 3 + i, 1}, pairs.get(i).media());
        assertArrayEquals(new float[] {LIMITS.embeddings() + 3 + i, 2}, pairs.get(i).caption());
      }
    }
  }

  /** The first ones have few others to be near to. */
  @Test
  void read_textsOfOneKindOfWhichFewTeach_haveNotDrifted() {
    Random random = new Random(7);
    int drifts = 0;
    for (int run = 0; run < 10; run++) {
      DomainMemory memory = DomainMemory.empty(MemoryLimits.defaults(), READERS);
      for (int i = 0; i < 2_000; i++) {
        read(memory, i % 6 == 0, random.nextGaussian(), random);
      }
      drifts += (int) memory.drifts();
    }
    assertTrue(drifts <= 2, drifts + " drifts in ten domains");
  }

  @Test
  void read_textsThatComeTogether_haveDrifted() {
    Random random = new Random(7);
    DomainMemory memory = DomainMemory.empty(MemoryLimits.defaults(), READERS);
    for (int i = 0; i < 1_000; i++) {
      read(memory, true, random.nextGaussian(), random);
    }
    assertEquals(0, memory.drifts());
    for (int i = 0; i < 300; i++) {
      read(memory, true, 20, random);
    }
    assertTrue(memory.drifts() > 0);
  }

  /** Reads a text whose embedding is drawn, but for the first number. */
  private static void read(DomainMemory memory, boolean teaches, double first, Random random) {
    Candidate candidate = new Candidate(Samples.of("d", "text"), false);
    candidate.signature = random.longs(MinHash.WORDS).toArray();
    candidate.embedding = new float[8];
    double norm = 0;
    for (int i = 0; i < candidate.embedding.length; i++) {
      candidate.embedding[i] = (float) (i == 0 ? first : random.nextGaussian());
      norm += candidate.embedding[i] * candidate.embedding[i];
    }
    for (int i = 0; i < candidate.embedding.length; i++) {
      candidate.embedding[i] /= (float) Math.sqrt(norm);
    }
    candidate.entropy = random.nextGaussian();
    candidate.diversity = memory.embeddings.diversity(candidate.embedding);
    memory.read(candidate, false);
    if (teaches) {
      memory.remember(candidate);
    }
  }

  private static void assertRefused(byte[] bytes, String message) {
    String found =
        assertThrows(
                IllegalArgumentException.class,
                () -> DomainMemory.fromBytes(bytes, LIMITS, READERS))
            .getMessage();
    assertTrue(found.contains(message), found);
  }

  private static DomainMemory filled(int count) {
    Random random = new Random(5);
    DomainMemory memory = DomainMemory.empty(LIMITS, READERS);
    for (int i = 0; i < count; i++) {
      memory.countSeen();
      memory.exact.add(new long[] {TextHash.mix(i)});
      memory.qualities.add(random.nextDouble());
      Candidate candidate = new Candidate(Samples.of("d", "text"), i % 10 == 0);
      candidate.signature = MinHash.of(Normalizer.normalize(Samples.words(random, 30)));
      candidate.words = Words.of(Normalizer.normalize(Samples.words(random, 30)));
      candidate.bag = MinHash.ofWords(candidate.words);
      memory.lines.add(random.nextLong());
      memory.usual.add(memory.reference.fit(candidate.words), random.nextDouble());
      candidate.embedding = new float[] {random.nextFloat(), random.nextFloat()};
      candidate.places = new Places(new float[] {0.6f, 0.8f}, new float[] {0.8f, 0.6f});
      memory.fits.add(random.nextDouble());
      TokenSet tokens = TokenSet.of(new int[] {1, 2, 3, random.nextInt(100)}, KNOWN);
      memory.neighbours.rank(tokens, KNOWN);
      memory.neighbours.add(tokens);
      memory.read(candidate, candidate.heldOut);
      memory.remember(candidate);
    }
    return memory;
  }
}
