package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.Device;
import ai.djl.pytorch.engine.PtNDManager;
import dev.millrace.model.program.AlignSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgramTest {

  @Test
  void compile_fillFails_freesWhatItHolds() {
    List<PtNDManager> held = new ArrayList<>();
    IllegalStateException broken = new IllegalStateException("a tensor is missing");
    Exception thrown =
        assertThrows(
            IllegalStateException.class,
            () ->
                Program.compile(
                    AlignSource.PROGRAM,
                    Device.cpu(),
                    program -> {
                      held.add(program.scope());
                      throw broken;
                    }));
    assertSame(broken, thrown);
    assertFalse(held.get(0).isOpen());
  }
}
