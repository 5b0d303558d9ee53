package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Sequence;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class StagingTest {

  private static final Path GOLDEN = Path.of("src/test/resources/golden/olmoe-tiny");

  @TempDir private Path folder;

  /** Where /tmp is mounted noexec, or on a platform that JNA has no library for. */
  @Test
  @Timeout(180)
  void bytes_processWhereJnaDoesNotLoad_opensABaseAllTheSame() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djna.nosys=true",
                "-Djna.nounpack=true",
                "-Djna.boot.library.path=" + folder,
                "-Dai.djl.offline=true",
                "-cp",
                System.getProperty("java.class.path"),
                StagingTest.class.getName())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    assertEquals(score(), said.lines().reduce("", (before, line) -> line));
  }

  /** The last line is a score by a base that was opened without JNA. */
  public static void main(String[] arguments) throws IOException {
    try {
      NativeHeap.trim();
      throw new AssertionError("JNA loads");
    } catch (LinkageError e) {
      System.out.println(score());
    }
  }

  private static String score() throws IOException {
    try (BaseModel model = DjlModels.open(GOLDEN, Precision.INT8)) {
      Sequence text = new Sequence(new int[] {1, 2, 3, 4}, model.noAdapter());
      return String.valueOf(model.score(List.of(text)).get(0).logProb());
    }
  }
}
