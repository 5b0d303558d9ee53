package dev.millrace.job.bench.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.config.MillraceConfig;
import org.junit.jupiter.api.Test;

class OpenGateTest {

  @Test
  void settings_overTheDefaults_areUnderstood() {
    MillraceConfig config = MillraceConfig.defaults().with(OpenGate.SETTINGS);
    assertEquals(0, config.learn().gate().level());
  }
}
