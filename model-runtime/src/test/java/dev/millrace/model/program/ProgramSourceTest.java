package dev.millrace.model.program;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.MoeConfigs;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProgramSourceTest {

  @ParameterizedTest
  @ValueSource(strings = {"olmoe-tiny", "qwen3-moe-tiny", "deepseek-v3-tiny"})
  void int8_languageWithDigitsOfItsOwn_isTheSameProgram(String model) throws Exception {
    Path config = Path.of("src/test/resources/golden", model, "config.json");
    String expected = source(MoeConfigs.read(config));
    Locale before = Locale.getDefault(Locale.Category.FORMAT);
    Locale.setDefault(Locale.Category.FORMAT, Locale.forLanguageTag("ar-EG"));
    try {
      assertEquals(expected, source(MoeConfigs.read(config)));
    } finally {
      Locale.setDefault(Locale.Category.FORMAT, before);
    }
  }

  private static String source(MoeConfig config) {
    Layout layout = new Layout(config);
    return ProgramSource.int8(config, layout, MatrixFormat.INT8)
        + ProgramSource.float32(config, layout);
  }
}
