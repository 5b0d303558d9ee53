package dev.millrace.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import dev.millrace.model.peft.LoraPair;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.Origin;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class StateCodecTest {
  private static final Origin ORIGIN = new Origin("samples", 3, 1L << 40);

  /** What the orders take: two truth values, the topic with its length, partition and offset. */
  private static final int ORDERS_BYTES = 1 + 2 + "samples".length() + 4 + 8 + 1;

  /**
   * What the routing takes: a truth value, the policy with its length, top k, share, two limits.
   */
  private static final int ROUTING_BYTES = 1 + 2 + "entropy".length() + 4 + 8 + 4 + 2 * 8;

  /** What version 11 added: the batch of each sample that is replayed. */
  private static final int REPLAYED_BYTES = Long.BYTES;

  /** What version 8 added, and that: the base, empty here, and whether there is a predecessor. */
  private static final int BASE_BYTES = 2 + 1 + REPLAYED_BYTES;

  /** What version 7 added, and that: whether there is a trial, and two lists, empty here. */
  private static final int FORGOTTEN_BYTES = 1 + 2 * Integer.BYTES + BASE_BYTES;

  /** What the empty watch takes, and what came after it: three truth values, two lengths. */
  private static final int WATCH_BYTES = 3 + 2 * Integer.BYTES + FORGOTTEN_BYTES;

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
          new Routing(Routing.ENTROPY, 2, 0.1, List.of(0.25, 0.5)),
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
  void decode_stateFromBeforeThereWereOrders_hasNeitherThemNorAProfile() throws IOException {
    LearnerState read = LearnerState.fromBytes(older(1, new byte[0]));
    assertEquals(Orders.NONE, read.orders());
    assertEquals(STATE.learnedTo(), read.learnedTo());
    assertArrayEquals(Profile.empty().toBytes(), read.profile().toBytes());
  }

  @Test
  void decode_stateFromBeforeThereWereProfiles_hasNone() throws IOException {
    byte[] bytes = STATE.toBytes();
    int end = bytes.length - Integer.BYTES - WATCH_BYTES - ROUTING_BYTES;
    byte[] orders = Arrays.copyOfRange(bytes, end - ORDERS_BYTES, end);
    LearnerState read = LearnerState.fromBytes(older(2, orders));
    assertEquals(STATE.orders(), read.orders());
    assertArrayEquals(Profile.empty().toBytes(), read.profile().toBytes());
  }

  @Test
  void decode_stateFromBeforeThereWereKinds_hasTheSameAdapter() throws IOException {
    byte[] bytes = STATE.toBytes();
    int end = bytes.length - Integer.BYTES - WATCH_BYTES;
    int tail = ROUTING_BYTES + ORDERS_BYTES + Integer.BYTES + PROFILE.toBytes().length;
    LearnerState read =
        LearnerState.fromBytes(older(4, Arrays.copyOfRange(bytes, end - tail, end)));
    assertArrayEquals(bytes, read.toBytes());
  }

  /** The state as an older version wrote it: with its LoRA adapter plain, and with another end. */
  private static byte[] older(int version, byte[] end) throws IOException {
    byte[] bytes = STATE.toBytes();
    int profile = Integer.BYTES + PROFILE.toBytes().length;
    int kept = bytes.length - Integer.BYTES - WATCH_BYTES - ROUTING_BYTES - ORDERS_BYTES - profile;
    int adapter = 2 * Integer.BYTES;
    int rest = adapter + Integer.BYTES + ByteBuffer.wrap(bytes).getInt(adapter);
    ByteArrayOutputStream older = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(older);
    out.write(bytes, 0, Integer.BYTES);
    out.writeInt(version);
    writeLora(out, (LoraWeights) STATE.adapter().weights());
    out.write(bytes, rest, kept - rest);
    out.write(end);
    CRC32C crc = new CRC32C();
    crc.update(older.toByteArray());
    out.writeInt((int) crc.getValue());
    return older.toByteArray();
  }

  private static void writeLora(DataOutputStream out, LoraWeights adapter) throws IOException {
    out.writeInt(adapter.config().rank());
    out.writeDouble(adapter.config().alpha());
    out.writeBoolean(adapter.config().rsLora());
    out.writeInt(1);
    out.writeUTF(adapter.config().targetModules().get(0));
    out.writeInt(1);
    LoraPair pair = adapter.pairs().get(0);
    out.writeUTF(pair.site().name());
    out.writeInt(pair.site().in());
    out.writeInt(pair.site().out());
    for (float[] values : List.of(pair.a(), pair.b())) {
      out.writeInt(values.length * Float.BYTES);
      for (float value : values) {
        out.writeFloat(value);
      }
    }
  }

  @Test
  void decode_stateFromBeforeThereWasARouting_hasNone() throws IOException {
    byte[] bytes = STATE.toBytes();
    int profile = Integer.BYTES + PROFILE.toBytes().length;
    int end = bytes.length - Integer.BYTES - WATCH_BYTES - ROUTING_BYTES;
    byte[] tail = Arrays.copyOfRange(bytes, end - ORDERS_BYTES - profile, end);
    LearnerState read = LearnerState.fromBytes(older(3, tail));
    assertArrayEquals(PROFILE.toBytes(), read.profile().toBytes());
    assertNull(read.routing());
    assertEquals(STATE.orders(), read.orders());
  }

  @Test
  void decode_stateFromBeforeThereWasAWatch_watchesNothing() {
    LearnerState read = LearnerState.fromBytes(cut(5, WATCH_BYTES));
    assertEquals(STATE.routing(), read.routing());
    assertNull(read.watch().current());
    assertArrayEquals(STATE.toBytes(), read.toBytes());
  }

  @Test
  void decode_stateFromBeforeAnythingWasForgotten_forgetsNothingAndTriesNothing() {
    LearnerState read = LearnerState.fromBytes(cut(6, FORGOTTEN_BYTES));
    assertEquals(Forgotten.NONE, read.forgotten());
    assertFalse(read.watch().trial());
    assertArrayEquals(STATE.toBytes(), read.toBytes());
  }

  @Test
  void decode_whatIsReplayed_wasLearnedWithItsBatch() {
    List<Remembered> replayed =
        STATE.replay().past().entries().stream().map(sample -> sample.learnedWith(5)).toList();
    LearnerState read = LearnerState.fromBytes(STATE.with(STATE.replay().with(replayed)).toBytes());
    assertEquals(5, read.replay().past().entries().get(0).batch());
    LearnerState older = LearnerState.fromBytes(cut(10, REPLAYED_BYTES));
    assertEquals(0, older.replay().past().entries().get(0).batch());
  }

  @Test
  void decode_stateFromBeforeItKnewItsBase_isOfNone() {
    LearnerState read = LearnerState.fromBytes(cut(7, BASE_BYTES));
    assertEquals("", read.base());
    assertArrayEquals(STATE.toBytes(), read.toBytes());
  }

  @Test
  void decode_momentsThatTrainersKept_areZeros() {
    byte[] now = STATE.toBytes();
    int moments = 2 * STATE.adapter().first().length * Float.BYTES;
    int adapter = 3 * Integer.BYTES + ByteBuffer.wrap(now).getInt(2 * Integer.BYTES);
    String training = "2x2-a-b";
    int end = now.length - Integer.BYTES - REPLAYED_BYTES;
    ByteBuffer older =
        ByteBuffer.allocate(
            now.length - REPLAYED_BYTES - moments + Short.BYTES + training.length());
    older.put(now, 0, adapter).putInt(0).putInt(0);
    int rest = adapter + 2 * Integer.BYTES + moments;
    older.put(now, rest, end - rest);
    older.putShort((short) training.length()).put(training.getBytes(StandardCharsets.US_ASCII));
    older.putInt(Integer.BYTES, 9);
    CRC32C crc = new CRC32C();
    crc.update(older.array(), 0, older.position());
    AdapterState read =
        LearnerState.fromBytes(older.putInt((int) crc.getValue()).array()).adapter();
    assertArrayEquals(new float[STATE.adapter().first().length], read.first());
    assertArrayEquals(new float[STATE.adapter().second().length], read.second());
    assertEquals(STATE.adapter().step(), read.step());
  }

  @Test
  void decode_predecessor_isTheSameAgain() {
    Predecessor predecessor =
        new Predecessor("c".repeat(64), new TreeMap<>(Map.of("h", -1.5, "é", -2.0)));
    LearnerState state = Configs.with(STATE, "base", "d".repeat(64), "predecessor", predecessor);
    LearnerState read = LearnerState.fromBytes(state.toBytes());
    assertEquals(predecessor, read.predecessor());
    assertEquals("d".repeat(64), read.base());
  }

  /** The state as an older version wrote it: without its last bytes. */
  private static byte[] cut(int version, int bytes) {
    byte[] now = STATE.toBytes();
    int kept = now.length - Integer.BYTES - bytes;
    ByteBuffer older = ByteBuffer.allocate(kept + Integer.BYTES);
    older.put(now, 0, kept).putInt(Integer.BYTES, version);
    CRC32C crc = new CRC32C();
    crc.update(older.array(), 0, kept);
    return older.putInt((int) crc.getValue()).array();
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
