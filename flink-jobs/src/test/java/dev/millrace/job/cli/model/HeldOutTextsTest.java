package dev.millrace.job.cli.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.BaseTexts;
import dev.millrace.job.BaseTexts.Line;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HeldOutTextsTest {

  /** Where documents are few, a domain has as many anchors as others all the same. */
  @Test
  void write_fewDocuments_anchorsAreFurtherPiecesOfTheirHalf(@TempDir Path out) throws IOException {
    List<List<String>> documents =
        List.of(List.of("a0", "a1", "a2"), List.of("b0"), List.of("c0", "c1"), List.of("d0"));
    new HeldOutTexts(new TreeMap<>(Map.of("code", documents))).write(out);
    assertEquals(List.of("a0", "b0", "a1", "a2"), texts(out, BaseTexts.ANCHORS));
    assertEquals(List.of("c0", "d0"), texts(out, BaseTexts.PROTECTED));
  }

  private static List<String> texts(Path folder, String file) throws IOException {
    return BaseTexts.lines(folder, file).stream().map(Line::text).toList();
  }
}
