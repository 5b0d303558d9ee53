package dev.millrace.schema.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestNameTest {

  private static final List<String> KNOWN =
      List.of(
          "--base",
          "--explain",
          "--set",
          "--task-managers",
          "batch.count",
          "learn.gate.parityBound",
          "learn.rank",
          "kafka.bootstrap",
          "kafka.prefix",
          "text");

  @ParameterizedTest
  @CsvSource({
    "--explian, --explain",
    "--task-manager, --task-managers",
    "--managers, --task-managers",
    "kafka.bootsrap, kafka.bootstrap",
    "kafak.bootstrap, kafka.bootstrap",
    "learn.parityBound, learn.gate.parityBound",
    "parityBound, learn.gate.parityBound",
    "batch, batch.count",
    "txt, text"
  })
  void of_misspeltOrShort_isTheKnownOne(String name, String meant) {
    assertEquals(Optional.of(meant), NearestName.of(name, KNOWN));
  }

  /** What both begin with made any last word near. */
  @ParameterizedTest
  @CsvSource({"--name", "--bar", "foo", "kafka.frob", "learn.lazy", "colour", "''", ".", "--"})
  void of_farFromAll_isNone(String name) {
    assertEquals(Optional.empty(), NearestName.of(name, KNOWN));
  }

  /** It would take a while. */
  @Test
  void of_veryLong_isNone() {
    assertEquals(Optional.empty(), NearestName.of("text".repeat(1 << 20), KNOWN));
  }
}
