package dev.millrace.job.cli.releases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
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

  @Test
  void awaitEvent_topicHasItNoMore_endsAndNamesTheRelease() {
    Exception e =
        assertTimeoutPreemptively(
            Duration.ofSeconds(30),
            () ->
                assertThrows(
                    IllegalStateException.class,
                    () -> ForgetCommand.awaitEvent(List::of, "3f9a", Duration.ofMillis(300))));
    assertTrue(e.getMessage().contains("3f9a"), e::getMessage);
  }
}
