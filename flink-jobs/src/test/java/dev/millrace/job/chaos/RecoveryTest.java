package dev.millrace.job.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class RecoveryTest {

  @Test
  void of_fewTimes_ranksAreOfThoseThatThereWere() {
    Recovery recovery = Recovery.of("kill-taskmanager", List.of(4_000L, 1_000L, 2_500L));
    assertEquals(2_500, recovery.p50Millis());
    assertEquals(4_000, recovery.p99Millis());
    assertEquals(
        "recovery after 3 × kill-taskmanager: p50 2.5 s, p99 4.0 s (4.0 1.0 2.5)", recovery.text());
  }

  @Test
  void of_manyTimes_oneInAHundredMayBeLonger() {
    List<Long> millis = LongStream.rangeClosed(1, 200).boxed().toList();
    assertEquals(100, Recovery.of("f", millis).p50Millis());
    assertEquals(198, Recovery.of("f", millis).p99Millis());
  }
}
