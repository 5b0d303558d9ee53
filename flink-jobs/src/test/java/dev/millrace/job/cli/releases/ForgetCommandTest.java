package dev.millrace.job.cli.releases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ForgetCommandTest {

  /** A source is found whole each time: without a word nobody could forget one that sent more. */
  @Test
  void requireFew_sourceOfMore_saysThatSomeCanBeNamed() {
    Set<String> ids =
        IntStream.rangeClosed(0, 10_000).mapToObj(i -> "id-" + i).collect(Collectors.toSet());
    Exception e =
        assertThrows(
            IllegalArgumentException.class, () -> ForgetCommand.requireFew(ids, "crawler"));
    assertEquals(
        "10001 samples to forget, expected at most 10000 at a time: of source crawler name some by --sample, run after run",
        e.getMessage());
  }
}
