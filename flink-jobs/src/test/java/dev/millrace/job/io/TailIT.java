package dev.millrace.job.io;

import static org.junit.jupiter.api.Assertions.assertNull;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.schema.wire.Codecs;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 2, unit = TimeUnit.MINUTES)
class TailIT {

  @Test
  void problem_brokerHasGone_isToldSoon() {
    EmbeddedStack stack = EmbeddedStack.start(1, 1);
    KafkaConfig kafka =
        MillraceConfig.defaults().with(Map.of("kafka.bootstrap", stack.bootstrapServers())).kafka();
    Topics topics;
    Tail<?> tail;
    try (stack) {
      topics = Topics.create(kafka, 1);
      tail =
          Tail.start(
              topics.answers(),
              RecordReader.fromEnd(kafka, List.of(topics.answers())),
              Codecs.answers(),
              (answer, at) -> {});
      assertNull(tail.problem());
    }
    try (tail) {
      while (tail.problem() == null) {
        Thread.onSpinWait();
      }
    }
  }
}
