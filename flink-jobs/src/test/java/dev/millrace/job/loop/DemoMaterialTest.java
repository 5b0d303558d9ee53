package dev.millrace.job.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.BaseTexts;
import dev.millrace.job.NanoReleases;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoMaterialTest {

  /** As model protect may write them: without any, the report's figure is a division by zero. */
  @Test
  void protectedTexts_moreSetsThanTextsAreMeasured_areOneOfEach(@TempDir Path base)
      throws Exception {
    Files.write(
        base.resolve(BaseTexts.PROTECTED),
        IntStream.range(0, 30)
            .mapToObj("{\"domain\": \"d%1$d\", \"text\": \"text %1$d\"}"::formatted)
            .toList());
    assertEquals(30, DemoMaterial.protectedTexts(base).stream().distinct().count());
  }

  /** The report measures what the gate judges by at no setting. */
  @Test
  void protectedTexts_ofNano_judgeNoCandidate() throws Exception {
    Path base = NanoReleases.NANO;
    Set<String> measured = Set.copyOf(DemoMaterial.protectedTexts(base));
    assertEquals(12 + 12 + 12 + 7, measured.size()); // a quarter of 48 three times, and of 29
    try (Tokenizer tokenizer = Tokenizers.open(base)) {
      BaseTexts.protection(base, tokenizer).sets().stream()
          .flatMap(set -> set.sequences().stream())
          .map(tokenizer::decode)
          .map(String::strip)
          .forEach(
              piece ->
                  assertTrue(measured.stream().noneMatch(text -> text.contains(piece)), piece));
    }
  }
}
