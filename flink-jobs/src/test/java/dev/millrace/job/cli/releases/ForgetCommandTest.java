package dev.millrace.job.cli.releases;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ForgetCommandTest {

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
