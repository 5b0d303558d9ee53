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
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class StateCodecTest {
  private static final Origin ORIGIN = new Origin("samples", 3, 1L << 40);
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
          12);

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
