package dev.millrace.job.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.KafkaConfigs;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.schema.Origin;
import dev.millrace.schema.wire.Codecs;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SampleDoorTest {

  private static final String SAMPLE =
      "{\"id\":\"a\",\"domain\":\"d\",\"text\":\"a text that teaches\"}";
  private static final ApiKeys.Caller CALLER = new ApiKeys.Caller(null, false);

  @Test
  void take_registryIsAwayAtEveryTry_everyTryIsToldSo() {
    try (RecordWriter writer = writer()) {
      SampleDoor door = door(writer);
      for (int i = 0; i < 2; i++) {
        var reply = door.take(CALLER, SAMPLE, null, "one key");
        var e = assertThrows(ExecutionException.class, () -> reply.get(10, TimeUnit.SECONDS));
        ApiProblem problem = assertInstanceOf(ApiProblem.class, e.getCause());
        assertTrue(
            problem
                .getMessage()
                .startsWith(
                    "not all samples were written: no schema registry answers at http://127.0.0.1:1"),
            problem::getMessage);
      }
    }
  }

  /** Each of them would hold the call's thread as long as a writer waits for its broker. */
  @Test
  void take_brokerIsAway_isToldSoAfterTheFirst() {
    Topics topics = new Topics("taking.");
    try (RecordWriter writer = Appended.writer()) {
      var door = new SampleDoor(writer, topics, InstantSource.system());
      String body = SAMPLE + "\n" + SAMPLE.replace("\"a\"", "\"b\"");
      var reply = door.take(CALLER, body, null, null);
      var e = assertThrows(ExecutionException.class, () -> reply.get(10, TimeUnit.SECONDS));
      assertEquals(503, ApiProblem.of(e.getCause()).status());
    }
    assertEquals(1, Appended.to(topics.samples()).size());
  }

  /** Whatever it says, it teaches nobody else's domain. */
  @Test
  void take_ofATenant_isItsOwnAndNothingOfAnothersIsWritten() throws Exception {
    Topics topics = new Topics("tenants.");
    ApiKeys.Caller acme = new ApiKeys.Caller("acme", false);
    try (RecordWriter writer = Appended.writer()) {
      var door = new SampleDoor(writer, topics, InstantSource.system());
      String foreign = SAMPLE.replace("}", ",\"tenant\":\"rival\"}");
      var problem = assertThrows(ApiProblem.class, () -> door.take(acme, foreign, null, null));
      assertEquals(403, problem.status());
      var unwritten = door.take(acme, SAMPLE, null, null);
      assertThrows(ExecutionException.class, () -> unwritten.get(10, TimeUnit.SECONDS));
    }
    List<byte[]> appended = Appended.to(topics.samples());
    assertEquals(1, appended.size());
    assertEquals("acme", Codecs.samples().decode(appended.get(0), Origin.UNWRITTEN).tenant());
  }

  @Test
  void take_moreLinesThanOneCallMayHave_isTooLargeWithTheirCount() {
    try (RecordWriter writer = writer()) {
      String body = "0\n".repeat(10_001);
      var problem =
          assertThrows(ApiProblem.class, () -> door(writer).take(CALLER, body, null, null));
      assertEquals(413, problem.status());
      assertEquals("the body has 10001 samples, expected at most 10000", problem.getMessage());
    }
  }

  @Test
  void take_allLinesAreRefused_countsThemAndTellsTheFirstHundred() {
    try (RecordWriter writer = writer()) {
      String body = "0\n".repeat(10_000);
      var problem =
          assertThrows(ApiProblem.class, () -> door(writer).take(CALLER, body, null, null));
      assertEquals(400, problem.status());
      String message = problem.getMessage();
      assertTrue(message.startsWith("10000 refused, the first of them [{\"line\":1,"), message);
      assertEquals(100, message.split("\"line\":", -1).length - 1);
    }
  }

  /** Whoever sent a file looks for the line there. */
  @Test
  void take_blankLinesBetween_linesHaveTheNumbersThatTheyHaveInTheBody() {
    try (RecordWriter writer = writer()) {
      String body = "\n0\n \r\n\n0\n";
      var problem =
          assertThrows(ApiProblem.class, () -> door(writer).take(CALLER, body, null, null));
      String message = String.valueOf(problem.getMessage());
      assertTrue(message.startsWith("2 refused, the first of them [{\"line\":2,"), message);
      assertTrue(message.contains("{\"line\":5,"), message);
    }
  }

  @Test
  void correct_brokerIsAway_saysThatTheCorrectionWasNotWritten() {
    try (RecordWriter writer = Appended.writer()) {
      var written =
          door(writer)
              .correct(CALLER, new Desk.Given("q", null, "legal"), "as it should have been");
      ApiProblem problem = ApiProblem.of(assertThrows(CompletionException.class, written::join));
      assertEquals(503, problem.status());
      assertEquals(
          "the correction was not written: broker 127.0.0.1:1, expected one that answers",
          problem.getMessage());
    }
  }

  /** No lines: one object, as people lay it out. */
  @Test
  void take_oneObjectOverManyLines_isOneSample() {
    try (RecordWriter writer = writer()) {
      String body = SAMPLE.replace(",", "," + "\n".repeat(20_000));
      var reply = door(writer).take(CALLER, body, null, null);
      var e = assertThrows(ExecutionException.class, () -> reply.get(10, TimeUnit.SECONDS));
      assertEquals(503, ApiProblem.of(e.getCause()).status());
    }
  }

  @Test
  void take_halfASurrogatePair_isRefusedWithItsField() {
    try (RecordWriter writer = writer()) {
      String body = SAMPLE.replace("teaches", "\\ud800");
      var problem =
          assertThrows(ApiProblem.class, () -> door(writer).take(CALLER, body, null, null));
      assertEquals(400, problem.status());
      String message = String.valueOf(problem.getMessage());
      assertTrue(message.contains("text has a lone surrogate"), message);
    }
  }

  @Test
  void take_idIsNull_isNamedAfterTheCall() {
    try (RecordWriter writer = writer()) {
      var reply = door(writer).take(CALLER, "{\"id\":null,\"text\":\"Dear customer\"}", null, null);
      var e = assertThrows(ExecutionException.class, () -> reply.get(10, TimeUnit.SECONDS));
      assertEquals(503, ApiProblem.of(e.getCause()).status(), "valid, and the registry is away");
    }
  }

  @Test
  void take_fieldGivenTwice_isRefusedByName() {
    try (RecordWriter writer = writer()) {
      String body = SAMPLE.replace("}", ",\"text\":\"another\"}");
      var problem =
          assertThrows(ApiProblem.class, () -> door(writer).take(CALLER, body, null, null));
      assertEquals(400, problem.status());
      String message = String.valueOf(problem.getMessage());
      assertTrue(message.contains("Duplicate field 'text'"), message);
    }
  }

  private static RecordWriter writer() {
    return new RecordWriter(
        KafkaConfigs.of(KafkaConfigs.NOBODY, Map.of("kafka.registry", "http://127.0.0.1:1")));
  }

  private static SampleDoor door(RecordWriter writer) {
    return new SampleDoor(writer, new Topics("t."), InstantSource.system());
  }
}
