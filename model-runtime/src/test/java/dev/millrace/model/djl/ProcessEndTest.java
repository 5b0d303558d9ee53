package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class ProcessEndTest {

  private static final String INSIDE = "inside";

  /** Takes gradients until the process ends, and adds them to what it is given. */
  private static final String GRADIENTS =
      """
      class Program(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        w : List[Tensor]
        m : List[Tensor]
        packed : Optional[List[__torch__.torch.classes.quantized.LinearPackedParamsBase]]
        def endless(self: __torch__.Program, sum: Tensor) -> List[Tensor]:
          x = torch.requires_grad_(torch.ones([1], dtype=6), True)
          for i in range(1000000000):
            loss = torch.sum(torch.mul(x, x))
            g = torch.grad(annotate(List[Tensor], [loss]), [x], annotate(Optional[List[Optional[Tensor]]], None), None, False, True)
            torch.add_(sum, unchecked_cast(Tensor, g[0]))
          return annotate(List[Tensor], [])
      """;

  @TempDir private Path folder;

  @Test
  @Timeout(180)
  void sigterm_threadTakesGradients_endsAtOnceAndIsNoCrash() throws Exception {
    Process process = start();
    try (BufferedReader said = process.inputReader(StandardCharsets.UTF_8)) {
      assertEquals(INSIDE, said.readLine());
      process.toHandle().destroy();
      assertEquals("", said.lines().collect(Collectors.joining("\n")));
      assertEquals(128 + 15, process.waitFor());
    } finally {
      process.destroyForcibly();
    }
  }

  private Process start() throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:-UsePerfData",
            "-XX:-CreateCoredumpOnCrash",
            "-XX:ErrorFile=" + folder.resolve("crash.log"),
            "-Dai.djl.offline=true",
            "-cp",
            System.getProperty("java.class.path"),
            ProcessEndTest.class.getName())
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  /** Takes gradients in one native call until the process ends; says when it has begun. */
  public static void main(String[] arguments) {
    Program program = Program.compile(GRADIENTS);
    PtNDManager scope = program.scope();
    PtNDArray sum = (PtNDArray) scope.zeros(new Shape(1));
    new Thread(() -> program.train(program.scope(), "endless", Program.Argument.of("sum", sum)))
        .start();
    while (sum.toFloatArray()[0] == 0) {
      Thread.onSpinWait();
    }
    System.out.println(INSIDE);
  }
}
