package dev.millrace.job.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.gate.ProtectedSet;
import dev.millrace.job.BaseTexts;
import dev.millrace.job.NanoReleases;
import dev.millrace.job.config.MillraceConfig;
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

  /** The report measures what the gate has not judged by. */
  @Test
  void protectedTexts_moreTextsThanTheGateJudgesBy_areOthers() throws Exception {
    Path base = NanoReleases.NANO;
    Set<String> measured = Set.copyOf(DemoMaterial.protectedTexts(base));
    assertEquals(DemoMaterial.PROTECTED, measured.size());
    try (Tokenizer tokenizer = Tokenizers.open(base.resolve("tokenizer.json"))) {
      MillraceConfig config = MillraceConfig.defaults();
      for (ProtectedSet set : BaseTexts.protectedSets(base, tokenizer)) {
        set.sequences().stream()
            .limit(config.learn().gate().protectedSamples())
            .map(tokenizer::decode)
            .map(String::strip)
            .forEach(
                piece ->
                    assertTrue(measured.stream().noneMatch(text -> text.contains(piece)), piece));
      }
    }
  }
}
