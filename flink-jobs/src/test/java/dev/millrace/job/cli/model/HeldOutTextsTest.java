package dev.millrace.job.cli.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.BaseTexts;
import dev.millrace.job.BaseTexts.Line;
import dev.millrace.job.cli.model.HeldOutTexts.InPieces;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HeldOutTextsTest {

  /** Where documents are few, a domain has as many anchors as others all the same. */
  @Test
  void write_fewDocuments_anchorsAreFurtherPiecesOfTheirHalf(@TempDir Path out) throws IOException {
    List<InPieces> documents =
        List.of(in("", "a0", "a1", "a2"), in("", "b0"), in("", "c0", "c1"), in("", "d0"));
    new HeldOutTexts(new TreeMap<>(Map.of("code", documents))).write(out);
    assertEquals(List.of("a0", "b0", "a1", "a2"), texts(out, BaseTexts.ANCHORS));
    assertEquals(List.of("c0", "d0"), texts(out, BaseTexts.PROTECTED));
  }

  /** A language of one document in a hundred is among the anchors, and judges. */
  @Test
  void write_manyLanguages_rareOnesAreKeptToo(@TempDir Path out) throws IOException {
    List<InPieces> documents = new ArrayList<>();
    for (int half = 0; half < 2; half++) {
      for (int i = 0; i < 99; i++) {
        documents.add(in("de", "de" + i));
      }
      documents.add(in("bg", "bg"));
    }
    new HeldOutTexts(new TreeMap<>(Map.of("languages", documents))).write(out);
    assertTrue(texts(out, BaseTexts.ANCHORS).contains("bg"));
    assertTrue(texts(out, BaseTexts.PROTECTED).contains("bg"));
  }

  private static InPieces in(String language, String... pieces) {
    return new InPieces(language, List.of(pieces));
  }

  private static List<String> texts(Path folder, String file) throws IOException {
    return BaseTexts.lines(folder, file).stream().map(Line::text).toList();
  }
}
