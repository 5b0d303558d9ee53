package dev.millrace.job.warmup;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedMethod;
import jdk.jfr.consumer.RecordingStream;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.util.MathUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SecondCompilerTest {

  private static final int LAST_LEVEL = 4;

  /** Whatever the environment says. */
  private static final String BOTH = "-XX:TieredStopAtLevel=4";

  @ParameterizedTest
  @ValueSource(strings = {"-XX:-TieredCompilation", "-Dmillrace.compiler.directives=false"})
  void keepToModels_noFirstCompilerOrNotWanted_leavesAllToTheSecond(String option)
      throws Exception {
    Process process = busy(BOTH, option);
    assertEquals("", new String(process.getInputStream().readAllBytes(), UTF_8));
    assertEquals(1, process.waitFor());
  }

  @Test
  void keepToModels_ownCodeTheWayOfARecordAndOthers_onlyOthersStayWithTheFirst() throws Exception {
    Process process = busy(BOTH, "-Dmillrace.compiler.directives=true");
    List<String> last = new String(process.getInputStream().readAllBytes(), UTF_8).lines().toList();
    assertEquals(0, process.waitFor(), last::toString);
    assertTrue(last.containsAll(Busy.AWAITED), last::toString);
    assertFalse(last.contains(MathUtils.class.getName()), last::toString);
  }

  /** In a process of its own, for directives are a whole process'. */
  private static Process busy(String compilers, String option) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            compilers,
            option,
            "-cp",
            System.getProperty("java.class.path"),
            Busy.class.getName())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  /**
   * Keeps its own code, what a record passes in Flink and what it does not equally busy, until the
   * second compiler took the first two, and for some seconds more, and says whose code it took.
   */
  static final class Busy {

    private static final int LOOKS = 3; // a second apart
    private static final int MOST_LOOKS = 120;

    static final Set<String> AWAITED =
        Set.of(Busy.class.getName(), DataOutputSerializer.class.getName());

    private static long sum;

    private Busy() {}

    public static void main(String[] args) throws IOException {
      if (!SecondCompiler.keepToModels()) {
        System.exit(1);
      }
      Set<String> last = ConcurrentHashMap.newKeySet();
      try (RecordingStream events = new RecordingStream()) {
        events.enable("jdk.Compilation").withThreshold(Duration.ZERO);
        events.onEvent("jdk.Compilation", event -> note(event, last));
        AtomicInteger looks = new AtomicInteger();
        events.onFlush(looks::incrementAndGet);
        events.startAsync();
        while (!last.containsAll(AWAITED)) {
          round(looks.get());
          if (looks.get() > MOST_LOOKS) {
            System.out.println(last);
            System.exit(2);
          }
        }
        int until = looks.get() + LOOKS;
        while (looks.get() < until) {
          round(until);
        }
      }
      last.forEach(System.out::println);
    }

    private static void note(RecordedEvent event, Set<String> last) {
      RecordedMethod method = event.getValue("method");
      if (method != null && event.getShort("compileLevel") == LAST_LEVEL) {
        last.add(method.getType().getName());
      }
    }

    private static void round(long number) throws IOException {
      DataOutputSerializer out = new DataOutputSerializer(64);
      for (int j = 0; j < 4; j++) {
        out.writeLong(add(number, MathUtils.murmurHash(j)));
      }
    }

    private static long add(long i, int j) {
      for (int k = 0; k < 10; k++) {
        sum += i * j + k;
      }
      return sum;
    }
  }
}
