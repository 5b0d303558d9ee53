package dev.millrace.job.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.BaseTexts;
import java.nio.file.Files;
import java.nio.file.Path;
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
}
