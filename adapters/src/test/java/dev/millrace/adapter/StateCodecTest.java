package dev.millrace.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.batch.ReplayBuffer;
import dev.millrace.adapter.batch.Reservoir;
import dev.millrace.adapter.gate.HeldOut;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraSite;
import dev.millrace.schema.Origin;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class StateCodecTest {
  private static final Origin ORIGIN = new Origin("samples", 3, 1L << 40);

  /** What the orders take: two truth values, the topic with its length, partition and offset. */
  private static final int STATE_TAIL_BYTES = 1 + 2 + "samples".length() + 4 + 8 + 1;

  private static final LearnerState STATE =
      new LearnerState(
          AdapterState.initial(
              new LoraConfig(2, 4, true, List.of("q_proj")),
              List.of(new LoraSite("q_proj", 3, 5)),
              9),
          ReplayBuffer.empty(4)
              .remember(List.of(new Remembered("é", ORIGIN, new int[] {1, 2, 3})), 1),
          List.of(new Remembered("w", ORIGIN, new int[] {7})),
          Reservoir.<HeldOut>empty(7)
              .offer(List.of(new HeldOut("h", ORIGIN, new int[] {4, 5}, 6, -1.5, Double.NaN)), 1),
          "a".repeat(64),
          List.of(ORIGIN),
          12,
          new Orders(ORIGIN, true));

  @Test
  void decode_encoded_isTheSameAgain() {
    LearnerState read = LearnerState.fromBytes(STATE.toBytes());
    assertArrayEquals(STATE.toBytes(), read.toBytes());
    assertArrayEquals(
        STATE.adapter().weights().pairs().get(0).a(), read.adapter().weights().pairs().get(0).a());
    assertArrayEquals(
        STATE.replay().past().entries().get(0).tokens(),
        read.replay().past().entries().get(0).tokens());
    assertEquals("é", read.replay().past().entries().get(0).id());
    assertEquals(STATE.adapter().weights().config(), read.adapter().weights().config());
    assertEquals(STATE.learnedTo(), read.learnedTo());
    assertEquals(STATE.release(), read.release());
    assertEquals(12, read.batches());
    assertEquals(STATE.orders(), read.orders());
  }

  @Test
  void decode_stateFromBeforeThereWereOrders_hasNone() {
    byte[] bytes = STATE.toBytes();
    int tail = STATE_TAIL_BYTES + Integer.BYTES;
    ByteBuffer first = ByteBuffer.allocate(bytes.length - STATE_TAIL_BYTES);
    first.put(bytes, 0, bytes.length - tail).putInt(Integer.BYTES, 1);
    CRC32C crc = new CRC32C();
    crc.update(first.array(), 0, first.position());
    first.putInt((int) crc.getValue());
    LearnerState read = LearnerState.fromBytes(first.array());
    assertEquals(Orders.NONE, read.orders());
    assertEquals(STATE.learnedTo(), read.learnedTo());
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
