package dev.millrace.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.batch.ReplayBuffer;
import dev.millrace.adapter.batch.Reservoir;
import dev.millrace.adapter.gate.HeldOut;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.assign.Profile;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.Origin;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class StateCodecTest {
  private static final Origin ORIGIN = new Origin("samples", 3, 1L << 40);

  private static final Profile PROFILE =
      Profile.empty()
          .with(List.of(new int[] {1, 2, 2}), KnownTexts.of(List.of(new int[] {2, 3}), 4));

  private static final LearnerState STATE =
      new LearnerState(
          AdapterState.fresh(
              LoraWeights.initial(
                  new LoraConfig(2, 4, true, List.of("q_proj")),
                  List.of(Site.linear("q_proj", 3, 5)),
                  9)),
          ReplayBuffer.empty(4)
              .remember(List.of(new Remembered("é", ORIGIN, new int[] {1, 2, 3})), 1),
          List.of(new Remembered("w", ORIGIN, new int[] {7})),
          Reservoir.<HeldOut>empty(7)
              .offer(List.of(new HeldOut("h", ORIGIN, new int[] {4, 5}, 6, -1.5, Double.NaN)), 1),
          "a".repeat(64),
          List.of(ORIGIN),
          12,
          PROFILE,
          new Orders(ORIGIN, true),
          new Routing(Routing.ENTROPY, 2, 0.1, 0.25),
          Watch.NONE,
          Forgotten.NONE,
          "",
          null);

  @Test
  void decode_encoded_isTheSameAgain() {
    LearnerState read = LearnerState.fromBytes(STATE.toBytes());
    assertArrayEquals(STATE.toBytes(), read.toBytes());
    assertArrayEquals(
        STATE.adapter().weights().factors().get(0).values(),
        read.adapter().weights().factors().get(0).values());
    assertArrayEquals(
        STATE.replay().past().entries().get(0).tokens(),
        read.replay().past().entries().get(0).tokens());
    assertEquals("é", read.replay().past().entries().get(0).id());
    assertEquals(STATE.adapter().weights().settings(), read.adapter().weights().settings());
    assertEquals(STATE.learnedTo(), read.learnedTo());
    assertEquals(STATE.release(), read.release());
    assertEquals(12, read.batches());
    assertArrayEquals(PROFILE.toBytes(), read.profile().toBytes());
    assertEquals(STATE.orders(), read.orders());
    assertEquals(STATE.routing(), read.routing());
  }

  @Test
  void decode_whatIsReplayed_wasLearnedWithItsBatch() {
    List<Remembered> replayed =
        STATE.replay().past().entries().stream().map(sample -> sample.learnedWith(5)).toList();
    LearnerState read = LearnerState.fromBytes(STATE.with(STATE.replay().with(replayed)).toBytes());
    assertEquals(5, read.replay().past().entries().get(0).batch());
  }

  @Test
  void decode_predecessor_isTheSameAgain() {
    Predecessor predecessor =
        new Predecessor("c".repeat(64), true, new TreeMap<>(Map.of("h", -1.5, "é", -2.0)));
    LearnerState state = Configs.with(STATE, "base", "d".repeat(64), "predecessor", predecessor);
    LearnerState read = LearnerState.fromBytes(state.toBytes());
    assertEquals(predecessor, read.predecessor());
    assertEquals("d".repeat(64), read.base());
  }

  /** State of before tenants were compared with shared domains. */
  @Test
  void decode_ofTheVersionBefore_hasNoPredecessorThatIsShared() {
    assertEquals(STATE.release(), LearnerState.fromBytes(before(STATE.toBytes())).release());
    Predecessor predecessor =
        new Predecessor("c".repeat(64), false, new TreeMap<>(Map.of("h", -1.5)));
    byte[] now = Configs.with(STATE, "predecessor", predecessor).toBytes();
    byte[] shared = Configs.with(STATE, "predecessor", shared(predecessor)).toBytes();
    int says = Arrays.mismatch(now, shared);
    byte[] then = Arrays.copyOf(now, now.length - 1);
    System.arraycopy(now, says + 1, then, says, then.length - says);
    assertEquals(predecessor, LearnerState.fromBytes(before(then)).predecessor());
  }

  private static Predecessor shared(Predecessor predecessor) {
    return new Predecessor(predecessor.release(), true, predecessor.logProbs());
  }

  private static byte[] before(byte[] bytes) {
    byte[] before = bytes.clone();
    ByteBuffer.wrap(before).putInt(Integer.BYTES, 12);
    checksum(before);
    return before;
  }

  @Test
  void decode_watch_isTheSameAgain() {
    Place place =
        new Place("b".repeat(64), "file:/b", null, 7, List.of(ORIGIN), PROFILE, STATE.routing());
    Watch watch =
        Watch.at(Place.BASE)
            .next(place, STATE.adapter().weights(), true)
            .with(new double[] {-1, -2}, new double[] {-3, -4}, 8);
    LearnerState read = LearnerState.fromBytes(STATE.with(watch).toBytes());
    assertArrayEquals(STATE.with(watch).toBytes(), read.toBytes());
    assertEquals("file:/b", read.watch().current().uri());
    assertNull(read.watch().before().release());
    assertArrayEquals(new double[] {-3, -4}, read.watch().byBefore());
    assertTrue(read.watch().trial());
  }

  @Test
  void decode_forgotten_isTheSameAgain() {
    Forgotten forgotten = Forgotten.NONE.with(List.of("s2", "s1", "s2"), List.of("r1", "r2"));
    LearnerState read = LearnerState.fromBytes(STATE.with(forgotten).toBytes());
    assertEquals(new Forgotten(List.of("s1", "s2"), List.of("r1", "r2")), read.forgotten());
    assertTrue(read.learnsAgain());
  }

  @Test
  void with_moreThanTheWindow_keepsTheLatest() {
    Watch watch = Watch.NONE.with(new double[] {1, 2, 3}, new double[] {1, 2, 3}, 2);
    assertArrayEquals(new double[] {2, 3}, watch.byCurrent());
    Watch more = watch.with(new double[] {4}, new double[] {4}, 2);
    assertArrayEquals(new double[] {3, 4}, more.byBefore());
  }

  @Test
  void decode_ofAnotherVersion_isRefusedWithBoth() {
    for (int version : new int[] {11, 14}) {
      byte[] bytes = STATE.toBytes();
      ByteBuffer.wrap(bytes).putInt(Integer.BYTES, version);
      assertRefused("version " + version + "; expected 12 or 13", bytes);
    }
  }

  @Test
  void decode_otherBytesWithAChecksum_areRefused() {
    byte[] other = STATE.toBytes();
    ByteBuffer.wrap(other).putInt(0, 7);
    assertRefused("magic 7; expected 1296847443", other);
    byte[] more = Arrays.copyOf(STATE.toBytes(), STATE.toBytes().length + 3);
    assertRefused("bytes left over 3; expected 0", more);
  }

  /** With a checksum at their end. */
  private static void assertRefused(String what, byte[] bytes) {
    checksum(bytes);
    assertEquals(
        "learner state has " + what,
        assertThrows(IllegalArgumentException.class, () -> LearnerState.fromBytes(bytes))
            .getMessage());
  }

  private static void checksum(byte[] bytes) {
    int end = bytes.length - Integer.BYTES;
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, end);
    ByteBuffer.wrap(bytes).putInt(end, (int) crc.getValue());
  }

  @Test
  void decode_noPlaceIsWatched_isRefusedByName() {
    Place place = new Place("b".repeat(64), "file:/b", null, 7, List.of(), PROFILE, null);
    byte[] bytes = STATE.with(Watch.at(Place.BASE)).toBytes();
    byte[] elsewhere = STATE.with(Watch.at(place)).toBytes();
    int at = Arrays.mismatch(bytes, elsewhere) - 1; // they differ first in whether it has a release
    assertEquals(1, bytes[at]);
    bytes[at] = 0;
    assertRefused("watched places 0; expected 1 or 2", bytes);
  }

  /** With all that a state can have; version 12 did not say whose a predecessor is. */
  @Test
  void decode_stateOfCommittedCode_isTheSame() throws IOException {
    Place place =
        new Place("b".repeat(64), "file:/b", null, 7, List.of(ORIGIN), PROFILE, STATE.routing());
    LearnerState whole =
        Configs.with(
            STATE,
            "base",
            "d".repeat(64),
            "predecessor",
            new Predecessor("c".repeat(64), false, new TreeMap<>(Map.of("h", -1.5))),
            "watch",
            Watch.at(Place.BASE)
                .next(place, STATE.adapter().weights(), true)
                .with(new double[] {-1, -2}, new double[] {-3, -4}, 8),
            "forgotten",
            Forgotten.NONE.with(List.of("s1", "s2"), List.of("r1")));
    byte[] committed = GoldenState.of("learner", whole.toBytes());
    LearnerState read = LearnerState.fromBytes(committed);
    assertArrayEquals(committed, read.toBytes());
    assertArrayEquals(committed, LearnerState.fromBytes(GoldenState.of("learner-12")).toBytes());
    assertEquals(List.of(ORIGIN), read.learnedTo());
    assertEquals("a".repeat(64), read.release());
    assertEquals(12, read.batches());
    assertEquals("w", read.waiting().get(0).id());
    assertEquals("h", read.heldOut().entries().get(0).id());
    assertArrayEquals(PROFILE.toBytes(), read.profile().toBytes());
    assertEquals(STATE.orders(), read.orders());
    assertEquals(STATE.routing(), read.routing());
    assertEquals("file:/b", read.watch().current().uri());
    assertEquals(whole.forgotten(), read.forgotten());
    assertEquals(whole.base(), read.base());
    assertEquals(whole.predecessor(), read.predecessor());
  }

  @Test
  void decode_anyByteFlipped_isRefused() {
    byte[] bytes = STATE.toBytes();
    for (int i = 0; i < bytes.length; i++) {
      byte[] flipped = bytes.clone();
      flipped[i] ^= 4;
      assertThrows(IllegalArgumentException.class, () -> LearnerState.fromBytes(flipped));
    }
  }

  @Test
  void decode_cutAnywhere_isRefused() {
    byte[] bytes = STATE.toBytes();
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThrows(IllegalArgumentException.class, () -> LearnerState.fromBytes(cut));
    }
  }
}
