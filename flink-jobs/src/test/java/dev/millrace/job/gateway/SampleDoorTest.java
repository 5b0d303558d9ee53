package dev.millrace.job.gateway;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SampleDoorTest {

  private static final String SAMPLE =
      "{\"id\":\"a\",\"domain\":\"d\",\"text\":\"a text that teaches\"}";

  @Test
  void take_registryIsAwayAtEveryTry_everyTryIsToldSo() {
    Map<String, String> nobody =
        Map.of("kafka.bootstrap", "127.0.0.1:1", "kafka.registry", "http://127.0.0.1:1");
    try (RecordWriter writer = new RecordWriter(MillraceConfig.defaults().with(nobody).kafka())) {
      SampleDoor door = new SampleDoor(writer, new Topics("t."), InstantSource.system());
      ApiKeys.Caller caller = new ApiKeys.Caller(null, false);
      for (int i = 0; i < 2; i++) {
        var reply = door.take(caller, SAMPLE, null, "one key");
        var e = assertThrows(ExecutionException.class, () -> reply.get(10, TimeUnit.SECONDS));
        ApiProblem problem = assertInstanceOf(ApiProblem.class, e.getCause());
        assertTrue(
            problem.getMessage().contains("no schema registry answers at http://127.0.0.1:1"),
            problem::getMessage);
      }
    }
  }
}
