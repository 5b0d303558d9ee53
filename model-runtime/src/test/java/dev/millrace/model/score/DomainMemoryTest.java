package dev.millrace.model.score;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
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

  private static final KnownTexts KNOWN = KnownTexts.of(List.of(), 100);

  @Test
  void fromBytes_whatToBytesWrote_isTheSameMemory() {
    byte[] bytes = filled(150).toBytes();
    assertArrayEquals(bytes, DomainMemory.fromBytes(bytes, LIMITS).toBytes());
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
    MemoryLimits smaller = new MemoryLimits(10, 8, 20, 32, 9, 5, 40);
    DomainMemory memory = DomainMemory.fromBytes(filled(150).toBytes(), smaller);
    assertEquals(10, memory.exact.size());
    assertEquals(1, memory.exact.nearest(new long[] {TextHash.mix(149)}));
    assertEquals(0, memory.exact.nearest(new long[] {TextHash.mix(1)}));
  }

  @Test
  void fromBytes_cutOrForeign_isRefusedWithTheReason() {
    byte[] bytes = filled(20).toBytes();
    assertRefused(Arrays.copyOf(bytes, bytes.length - 1), "cut short");
    assertRefused(new byte[0], "not of version 8");
    bytes[0] = 9;
    assertRefused(bytes, "not of version 8");
  }

  @Test
  void fromBytes_version1_keepsCountsEmbeddingsAndQualities() {
    DomainMemory filled = filled(150);
    DomainMemory read = DomainMemory.fromBytes(version1(filled), LIMITS);
    assertEquals(filled.seen(), read.seen());
    assertEquals(filled.accepted(), read.accepted());
    assertEquals(0, read.exact.size() + read.near.size() + read.heldOut.size());
    assertEquals(filled.qualities.quantile(0.5), read.qualities.quantile(0.5));
    float[] embedding = {0.3f, 0.4f};
    assertEquals(filled.embeddings.diversity(embedding), read.embeddings.diversity(embedding));
  }

  @Test
  void pairs_ofMoreThanFit_areTheLastInTheirOrder() {
    DomainMemory memory = DomainMemory.empty(LIMITS);
    for (int i = 0; i < 2 * LIMITS.embeddings() + 3; i++) {
      memory.media.add(new float[] {i, 1});
      memory.captions.add(new float[] {i, 2});
    }
    DomainMemory read = DomainMemory.fromBytes(memory.toBytes(), LIMITS);
    for (List<Places> pairs : List.of(memory.pairs(), read.pairs())) {
      assertEquals(LIMITS.embeddings(), pairs.size());
      for (int i = 0; i < pairs.size(); i++) {
        assertArrayEquals(new float[] {LIMITS.embeddings() + 3 + i, 1}, pairs.get(i).media());
        assertArrayEquals(new float[] {LIMITS.embeddings() + 3 + i, 2}, pairs.get(i).caption());
      }
    }
  }

  @Test
  void fromBytes_version2_hasSeenNoMedia() {
    DomainMemory filled = filled(20);
    byte[] now = filled.toBytes();
    int media =
        filled.media.encodedBytes()
            + filled.captions.encodedBytes()
            + filled.fits.encodedBytes()
            + filled.neighbours.encodedBytes();
    byte[] before = Arrays.copyOf(now, now.length - media);
    before[0] = 2;
    DomainMemory read = DomainMemory.fromBytes(before, LIMITS);
    assertEquals(0, read.media.size() + read.captions.size());
    assertEquals(filled.seen(), read.seen());
    assertEquals(filled.qualities.quantile(0.5), read.qualities.quantile(0.5));
  }

  @Test
  void fromBytes_version3_hasNoNeighbours() {
    DomainMemory filled = filled(20);
    byte[] before = withoutNeighbours(filled);
    before[0] = 3;
    assertNoNeighbours(filled, DomainMemory.fromBytes(before, LIMITS));
  }

  @Test
  void fromBytes_version5_leavesItsGroupOfTextsBehind() {
    DomainMemory filled = filled(20);
    byte[] without = withoutNeighbours(filled);
    int group = 3 * Integer.BYTES + Double.BYTES + 2 * Integer.BYTES;
    ByteBuffer before = ByteBuffer.allocate(without.length + group).put(without).put(0, (byte) 5);
    before.putInt(group - Integer.BYTES); // one text of two tokens
    before.putInt(1).putDouble(Double.NaN).putInt(2).putInt(7).putInt(9);
    assertNoNeighbours(filled, DomainMemory.fromBytes(before.array(), LIMITS));
  }

  @Test
  void fromBytes_version7_keepsItsTextsAndNotHowNearOthersWere() {
    DomainMemory filled = filled(20);
    byte[] before = filled.toBytes();
    before[0] = 7;
    Neighbours read = DomainMemory.fromBytes(before, LIMITS).neighbours;
    TokenSet text = TokenSet.of(new int[] {1, 2, 3}, KNOWN);
    for (int i = 0; i < 4; i++) {
      assertEquals(0.5, read.rank(text, KNOWN), "at " + i);
    }
    assertEquals(1, read.rank(text, KNOWN));
  }

  private static byte[] withoutNeighbours(DomainMemory memory) {
    byte[] now = memory.toBytes();
    return Arrays.copyOf(now, now.length - memory.neighbours.encodedBytes());
  }

  private static void assertNoNeighbours(DomainMemory filled, DomainMemory read) {
    TokenSet text = TokenSet.of(new int[] {1, 2, 3}, KNOWN);
    assertEquals(0.5, read.neighbours.rank(text, KNOWN));
    assertEquals(1, filled.neighbours.rank(text, KNOWN));
    assertEquals(filled.fits.quantile(0.5), read.fits.quantile(0.5));
    assertEquals(filled.seen(), read.seen());
  }

  @Test
  void fromBytes_version4_sourcesBeginAnew() {
    DomainMemory filled = filled(20);
    assertEquals(0, filled.sources.accepted("ahead", Long.MAX_VALUE));
    assertEquals(0, filled.sources.accepted(Long.MAX_VALUE));
    filled.sources.judged("ahead", true, false);
    byte[] before = filled.toBytes();
    assertEquals(1, DomainMemory.fromBytes(before, LIMITS).sources.accepted("ahead", 7));
    before[0] = 4;
    DomainMemory read = DomainMemory.fromBytes(before, LIMITS);
    assertEquals(0, read.sources.accepted("ahead", 7));
    assertEquals(0, read.sources.accepted(7));
    assertEquals(filled.seen(), read.seen());
    assertEquals(filled.fits.quantile(0.5), read.fits.quantile(0.5));
  }

  private static byte[] version1(DomainMemory memory) {
    ByteBuffer out = ByteBuffer.allocate(1 << 20);
    out.put((byte) 1).putLong(memory.seen()).putLong(memory.accepted());
    memory.exact.write(out);
    memory.near.write(out);
    memory.heldOut.write(out);
    memory.embeddings.write(out);
    memory.qualities.write(out);
    return Arrays.copyOf(out.array(), out.position());
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
      memory.read(candidate);
      memory.remember(candidate);
    }
    return memory;
  }
}
