package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.io.KafkaTopics;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.job.sql.SqlScript;
import dev.millrace.job.sql.SqlSession;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.wire.Codecs;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The script that people paste, before a real broker, a real store and the base that ships. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class SqlIT {

  private static final Path EXAMPLES =
      Path.of(System.getProperty("millrace.root"), "docs", "examples", "sql");
  private static final Path SCRIPT = EXAMPLES.resolve("ask.sql");

  @Test
  void script_ofTheDocs_answersByTheReleaseThatIsCurrent() throws Exception {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 2)) {
      MillraceConfig config = config(stack);
      Topics topics = Topics.create(stack.bootstrapServers(), config.kafka().prefix(), 1);
      NanoReleases releases = new NanoReleases(stack.folder("store"));
      ReleaseEvent first = releases.publish("legal", 1);
      ReleaseEvent second = releases.publish("legal", 2);
      try (RecordWriter writer = new RecordWriter(config.kafka())) {
        announce(writer, topics, first);
        try (CloseableIterator<Row> rows = query(stack, config)) {
          answersByTheFirst(rows, first.release());
          announce(writer, topics, second);
          awaitRelease(rows, writer, second.release());
          refusesOneTextAlone(rows, writer);
        }
      }
    }
  }

  /**
   * Without checkpoints Flink gave it up, and whoever ran it again had all mails answered again.
   */
  @Test
  void scriptOfAJobThatStays_taskManagerIsLostAndItIsRunAgain_goesOnWhereItWas() throws Exception {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 2)) {
      MillraceConfig config = config(stack);
      var unused = Topics.create(stack.bootstrapServers(), config.kafka().prefix(), 1);
      SqlSession session = session(stack);
      List<String> statements =
          SqlScript.parse(Files.readString(EXAMPLES.resolve("answers-topic.sql")), config.toMap())
              .statements();
      JobClient job = runAll(session, statements);
      String answered = "example.answered";
      try (RecordWriter writer = new RecordWriter(config.kafka());
          RecordReader reader = RecordReader.fromBeginning(config.kafka(), List.of(answered))) {
        mail(writer, "first", "Permission is hereby granted");
        awaitAnswer(reader, "first", job);
        stack.cluster().terminateTaskManager(0).get();
        stack.cluster().startTaskManager();
        mail(writer, "second", "THE SOFTWARE IS PROVIDED");
        awaitAnswer(reader, "second", job);
        awaitCommitted(config, 2);
        job.cancel().get();
        var before = reader.readToEnd();
        job = runAll(session, statements.subList(statements.size() - 1, statements.size()));
        mail(writer, "third", "You may not use this file except");
        assertEquals(List.of(), awaitAnswer(reader, "third", job), () -> "after " + before);
        job.cancel().get();
      }
    }
  }

  /** Gives the job of the last one. */
  private static JobClient runAll(SqlSession session, List<String> statements) {
    JobClient job = null;
    for (String statement : statements) {
      job = session.run(statement).flatMap(TableResult::getJobClient).orElse(null);
    }
    return Objects.requireNonNull(job);
  }

  /** Gives what else is answered meanwhile. */
  private static List<String> awaitAnswer(RecordReader reader, String mail, JobClient job)
      throws Exception {
    List<String> others = new ArrayList<>();
    while (true) {
      for (RawRecord raw : reader.poll(Duration.ofMillis(200))) {
        String json = new String(raw.value(), StandardCharsets.UTF_8);
        if (json.contains("\"id\":\"" + mail + '"')) {
          return others;
        }
        others.add(json);
      }
      JobStatus status = job.getJobStatus().get();
      assertFalse(
          status.isGloballyTerminalState(), mail + " is not answered, and the job " + status);
    }
  }

  /** Until a checkpoint has noted that so many mails were read. */
  private static void awaitCommitted(MillraceConfig config, long mails) throws Exception {
    try (Admin admin = Admin.create(KafkaTopics.clientProperties(config.kafka()))) {
      while (admin
          .listConsumerGroupOffsets("example-answers")
          .partitionsToOffsetAndMetadata()
          .get()
          .values()
          .stream()
          .noneMatch(at -> at.offset() == mails)) {
        Thread.onSpinWait();
      }
    }
  }

  private static MillraceConfig config(EmbeddedStack stack) {
    return MillraceConfig.defaults()
        .with(
            Map.of(
                "kafka.bootstrap", stack.bootstrapServers(),
                "base.dir", NanoReleases.NANO.toString()));
  }

  private static SqlSession session(EmbeddedStack stack) throws Exception {
    URI rest = stack.cluster().getRestAddress().get();
    return new SqlSession(
        StreamExecutionEnvironment.createRemoteEnvironment(rest.getHost(), rest.getPort(), 1),
        said -> {});
  }

  private static void announce(RecordWriter writer, Topics topics, ReleaseEvent event)
      throws Exception {
    writer.append(topics.releases(), event.domain(), Codecs.releases().encode(event)).get();
  }

  /** Runs the script on the stack's cluster; gives the rows of its last statement. */
  private static CloseableIterator<Row> query(EmbeddedStack stack, MillraceConfig config)
      throws Exception {
    SqlSession session = session(stack);
    List<String> statements =
        SqlScript.parse(Files.readString(SCRIPT), config.toMap()).statements();
    for (String statement : statements.subList(0, statements.size() - 1)) {
      TableResult result = session.run(statement).orElseThrow();
      if (result.getJobClient().isPresent()) {
        result.await();
      }
    }
    return session.run(statements.get(statements.size() - 1)).orElseThrow().collect();
  }

  private static void answersByTheFirst(CloseableIterator<Row> rows, String release) {
    Set<Object> asked = new HashSet<>();
    while (asked.size() < 3) {
      Row row = rows.next();
      assertEquals(release, row.getField("release_id"), row::toString);
      assertNull(row.getField("error"));
      assertNotNull(row.getField("answer"));
      asked.add(row.getField("id"));
    }
  }

  /** Asks the same again until the release has changed. */
  private static void awaitRelease(CloseableIterator<Row> rows, RecordWriter writer, String release)
      throws Exception {
    Object current = null;
    while (!release.equals(current)) {
      mail(writer, "again", "Permission is hereby granted");
      current = rows.next().getField("release_id");
    }
  }

  private static void refusesOneTextAlone(CloseableIterator<Row> rows, RecordWriter writer)
      throws Exception {
    mail(writer, "long", "word ".repeat(5_000));
    mail(writer, "after", "THE SOFTWARE IS PROVIDED");
    Row row = rows.next();
    while (!"long".equals(row.getField("id"))) {
      row = rows.next();
    }
    assertNull(row.getField("answer"));
    assertTrue(String.valueOf(row.getField("error")).contains("expected"), row::toString);
    assertNull(rows.next().getField("error"));
  }

  private static void mail(RecordWriter writer, String id, String body) throws Exception {
    byte[] json =
        "{\"id\":\"%s\",\"body\":\"%s\"}".formatted(id, body).getBytes(StandardCharsets.UTF_8);
    writer.append("example.mails", id, json).get();
  }
}
