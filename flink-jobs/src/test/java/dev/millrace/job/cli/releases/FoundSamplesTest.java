package dev.millrace.job.cli.releases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FoundSamplesTest {

  private final FoundSamples.Search search = new FoundSamples.Search(Set.of("note-1"), "crawler");

  private void take(String id, String source) {
    search.take(Sample.ofText(id, source, "document", "cooking", "Salt.", 0, Origin.UNWRITTEN));
  }

  /** A source is found whole each time: without a word nobody could forget one that sent more. */
  @Test
  void take_sourceOfMoreThanCanBeForgotten_refusesTheFirstBeyond() {
    for (int i = 1; i < 10_000; i++) { // beside the one that is named
      take("page-" + i, "crawler");
      take("other-" + i, "feed");
    }
    Exception e = assertThrows(IllegalArgumentException.class, () -> take("page-0", "crawler"));
    assertEquals(
        "source crawler sent more samples than can be forgotten, expected at most 10000 at a time: name some by --sample, run after run (./millrace releases samples lists what a release learned)",
        e.getMessage());
  }

  @Test
  void take_sampleThatWasSentAgain_isKeptOnce() {
    take("note-1", "mail");
    take("page-1", "crawler");
    take("note-1", "mail");
    take("page-1", "crawler");
    assertEquals(2, search.found().size());
  }
}
