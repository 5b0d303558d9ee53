package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.Device;
import ai.djl.pytorch.engine.PtNDManager;
import dev.millrace.model.program.AlignSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class ProgramTest {

  @Test
  void compile_fillFails_freesWhatItHolds() {
    for (Throwable broken : List.of(new IllegalStateException(), new OutOfMemoryError("heap"))) {
      List<PtNDManager> held = new ArrayList<>();
      Consumer<Program> fill =
          program -> {
            held.add(program.scope());
            throw unchecked(broken);
          };
      assertSame(
          broken,
          assertThrows(
              Throwable.class, () -> Program.compile(AlignSource.PROGRAM, Device.cpu(), fill)));
      assertFalse(held.get(0).isOpen());
    }
  }

  private static RuntimeException unchecked(Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }
    return (RuntimeException) thrown;
  }
}
