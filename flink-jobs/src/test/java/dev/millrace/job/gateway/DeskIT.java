package dev.millrace.job.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.job.KafkaConfigs;
import dev.millrace.job.StreamRecords;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Chunk;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Request;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class DeskIT {

  @Test
  void ask_nobodyAnswers_saysWhetherTheBrokerHasTheRequest() {
    EmbeddedStack stack = EmbeddedStack.start(1, 1);
    KafkaConfig kafka = KafkaConfigs.of(stack.bootstrapServers());
    try (RecordWriter writer = new RecordWriter(kafka)) {
      try (stack) {
        Topics topics = Topics.create(kafka, 1);
        writer.append(topics.requests(), "", new byte[] {7, 7}).join();
        try (Desk desk = new Desk(writer, topics, Duration.ofMinutes(1))) {
          Request request = Request.builder("q", Request.Task.SCORE, "who").build();
          var answer = desk.ask(request, null, chunk -> {});
          writer.flush(); // the broker has it
          desk.abandon(request);
          assertEquals(
              "nothing of the answer came within 60 s: is a serve job running?", problem(answer));
        }
      }
      assertEquals(
          "nothing of the answer came within 0 s: the broker has not taken the request, is it running?",
          late(writer));
      writer.close(Duration.ZERO); // which else waits for the broker
    }
  }

  @Test
  void ask_chunksComeForLongerThanThePatience_isNotLateUntilTheyStop() {
    Duration patience = Duration.ofSeconds(1);
    try (EmbeddedStack stack = EmbeddedStack.start(1, 1)) {
      KafkaConfig kafka = KafkaConfigs.of(stack.bootstrapServers());
      Topics topics = Topics.create(kafka, 1);
      try (RecordWriter writer = new RecordWriter(kafka);
          Desk desk = new Desk(writer, topics, patience)) {
        Request request = Request.builder("q", Request.Task.GENERATE, "who").maxTokens(4).build();
        var answer = desk.ask(request, null, chunk -> {});
        long begun = System.nanoTime();
        while (System.nanoTime() - begun < 3 * patience.toNanos()) {
          desk.take(new Chunk("q", Origin.UNWRITTEN, null, 0, "b", null, "base", List.of()));
          assertFalse(answer.isDone());
        }
        var late = assertThrows(CompletionException.class, answer::join);
        assertEquals(504, ApiProblem.of(late).status());
      }
    }
  }

  /** Each is found, not the first ones for ever, and no more of it than feedback needs. */
  @Test
  void find_manyWereAnswered_knowsTheLastOfThem() {
    int answers = 12_000;
    int last = 10_000;
    try (EmbeddedStack stack = EmbeddedStack.start(1, 1)) {
      KafkaConfig kafka = KafkaConfigs.of(stack.bootstrapServers());
      Topics topics = Topics.create(kafka, 1);
      try (RecordWriter writer = new RecordWriter(kafka);
          Desk desk = new Desk(writer, topics, Duration.ofMinutes(1))) {
        for (int i = 0; i < answers; i++) {
          Request request = Request.builder("q" + i, Request.Task.SCORE, "who").build();
          var answer = desk.ask(request, null, chunk -> {});
          desk.take(StreamRecords.answer(request, null, "", "r1"));
          assertEquals("q" + i, answer.join().request());
        }
        assertNull(desk.find("q" + (answers - last - 1)));
        for (int i = answers - last; i < answers; i++) {
          assertEquals(new Desk.Given("q" + i, null, null), desk.find("q" + i));
        }
      }
    }
  }

  private static String late(RecordWriter writer) {
    Topics topics = new Topics(Topics.DEFAULT_PREFIX);
    try (Desk desk = new Desk(writer, topics, Duration.ofMillis(100))) {
      Request request = Request.builder("q", Request.Task.SCORE, "who").build();
      return problem(desk.ask(request, null, chunk -> {}));
    }
  }

  private static String problem(CompletableFuture<Answer> answer) {
    return ApiProblem.of(assertThrows(CompletionException.class, answer::join)).getMessage();
  }
}
