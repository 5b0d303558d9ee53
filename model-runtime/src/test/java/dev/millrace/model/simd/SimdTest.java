package dev.millrace.model.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SimdTest {

  static final class Said {
    public static void main(String[] none) {
      System.out.println(Simd.missing());
      System.out.println(Arrays.hashCode(Exp.of(new float[] {-3.7f, -0.2f, 1}, 0, 3, 1, 0.7f)));
    }
  }

  /** In a JVM of its own: first what it lacks, then some e^x. */
  private static List<String> said(String... options) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Said.class.getName()));
    Process java =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    List<String> lines = java.inputReader().lines().toList();
    assertEquals(0, java.waitFor());
    return lines;
  }

  @ParameterizedTest
  @Timeout(120)
  @CsvSource({"-XX:-UseFMA, no fused multiply-add", "-XX:TieredStopAtLevel=1, second compiler"})
  void missing_whereItWouldBeSlow_saysWhy(String option, String why) throws Exception {
    List<String> said = said("--add-modules=" + Simd.MODULE, option);
    assertTrue(said.get(0).contains(why), said::toString);
    assertEquals(said().get(1), said.get(1));
    assertTrue(said().get(0).contains("--add-modules"), said::toString);
  }
}
