package dev.millrace.job.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Request;
import dev.millrace.schema.wire.Codecs;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class AskingTest {

  private static final ApiKeys.Caller CALLER = new ApiKeys.Caller(null, false);

  /** Each of them would hold the caller's thread as long as a writer waits for its broker. */
  @Test
  void each_brokerIsAway_allFailWithTheFirstAndTheirPlacesAreFree() throws Exception {
    Topics topics = new Topics("asking.");
    List<Request> requests =
        Stream.of("a", "b", "c")
            .map(id -> Request.builder(id, Request.Task.SCORE, "who").build())
            .toList();
    Admission admission = new Admission("requests", requests.size());
    try (RecordWriter writer = Appended.writer()) {
      List<CompletableFuture<Answer>> asked;
      try (Desk desk = new Desk(writer, topics, Duration.ofMinutes(1))) {
        asked =
            new Asking(desk, admission, new Meter())
                .each(CALLER, requests, null, (chunk, choice) -> {});
      }
      assertEquals(requests.size(), asked.size());
      for (var answer : asked) {
        var e = assertThrows(CompletionException.class, answer::join);
        assertEquals(503, ApiProblem.of(e).status());
      }
      admission.enter(CALLER.account(), requests.size());
    }
    List<byte[]> appended = Appended.to(topics.requests());
    assertEquals(2, appended.size(), "the first, and its end");
    assertNull(Codecs.requests().decode(appended.get(0), Origin.UNWRITTEN).cancels());
    assertEquals("a", Codecs.requests().decode(appended.get(1), Origin.UNWRITTEN).cancels());
  }

  /** As where the serve job itself refuses it. */
  @Test
  void each_whatServingWouldRefuse_isRefusedWithTheCallersField() {
    Request request =
        Request.builder("a", Request.Task.GENERATE, "who").maxTokens(4).temperature(3).build();
    try (RecordWriter writer = Appended.writer();
        Desk desk = new Desk(writer, new Topics("refusing."), Duration.ofMinutes(1))) {
      Asking asking = new Asking(desk, new Admission("requests", 1), new Meter());
      var answer = asking.each(CALLER, List.of(request), null, (chunk, choice) -> {}).get(0);
      ApiProblem problem = ApiProblem.of(assertThrows(CompletionException.class, answer::join));
      assertEquals(400, problem.status());
      assertEquals("request_refused", problem.code());
      assertEquals("temperature", problem.param());
    }
  }
}
