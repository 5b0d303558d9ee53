package dev.millrace.job.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.job.Adopting;
import dev.millrace.job.KafkaConfigs;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.model.adapter.InvalidAdapterException;
import dev.millrace.schema.Verdict;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AdapterDoorTest {

  private static final ApiKeys.Caller OPERATOR = new ApiKeys.Caller(null, true);
  private static final String BODY = "{\"lora_name\":\"d\",\"lora_path\":\"/adapters/d\"}";

  /** Who brings an adapter is at fault for what is in its folder, and for nothing else. */
  @Test
  void load_notJudged_saysWhoseFaultItIs() {
    assertEquals(400, status(new InvalidAdapterException("rank is 0")));
    assertEquals(400, status(new UnsupportedOperationException("store.trustedKeys lacks a key")));
    assertEquals(503, status(new IOException("the broker did not take the verdict")));
  }

  @Test
  void load_nameOfTheBase_isRefusedBeforeItIsJudged() {
    String body = "{\"lora_name\":\"base\",\"lora_path\":\"/adapters/d\"}";
    assertEquals(400, status(new IOException("it was judged"), body));
  }

  @Test
  void loadAndUnload_callerIsNoOperator_areForbidden() {
    ApiKeys.Caller caller = new ApiKeys.Caller("acme", false);
    assertEquals(403, status(door -> door.load(caller, Fields.of(BODY)), new IOException("")));
    String body = "{\"lora_name\":\"d\"}";
    assertEquals(403, status(door -> door.unload(caller, Fields.of(body)), new IOException("")));
  }

  private static int status(Exception failure) {
    return status(failure, BODY);
  }

  private static int status(Exception failure, String body) {
    return status(door -> door.load(OPERATOR, Fields.of(body)), failure);
  }

  private static int status(Function<AdapterDoor, CompletableFuture<?>> call, Exception failure) {
    try (RecordWriter writer = new RecordWriter(KafkaConfigs.of(KafkaConfigs.NOBODY))) {
      AdapterDoor door =
          new AdapterDoor(new Failing(failure), new Catalogue(), writer, new Topics("t."));
      RuntimeException e = assertThrows(RuntimeException.class, () -> call.apply(door).join());
      door.close();
      return ApiProblem.of(e).status();
    }
  }

  private record Failing(Exception failure) implements Adopting {

    @Override
    public Verdict adopt(@Nullable String tenant, String domain, Path folder) throws IOException {
      if (failure instanceof IOException unreadable) {
        throw unreadable;
      }
      throw (RuntimeException) failure;
    }

    @Override
    public void close() {}
  }
}
