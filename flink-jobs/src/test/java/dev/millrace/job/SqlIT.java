package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.EmbeddedStack;
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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The script that people paste, before a real broker, a real store and the base that ships. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class SqlIT {

  private static final Path SCRIPT =
      Path.of(System.getProperty("millrace.root"), "docs", "examples", "sql", "ask.sql");

  @Test
  void script_ofTheDocs_answersByTheReleaseThatIsCurrent() throws Exception {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 2)) {
      MillraceConfig config =
          MillraceConfig.defaults()
              .with(
                  Map.of(
                      "kafka.bootstrap", stack.bootstrapServers(),
                      "base.dir", NanoReleases.NANO.toString()));
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

  private static void announce(RecordWriter writer, Topics topics, ReleaseEvent event)
      throws Exception {
    writer.append(topics.releases(), event.domain(), Codecs.releases().encode(event)).get();
  }

  /** Runs the script on the stack's cluster; gives the rows of its last statement. */
  private static CloseableIterator<Row> query(EmbeddedStack stack, MillraceConfig config)
      throws Exception {
    URI rest = stack.cluster().getRestAddress().get();
    SqlSession session =
        new SqlSession(
            StreamExecutionEnvironment.createRemoteEnvironment(rest.getHost(), rest.getPort(), 1),
            said -> {});
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
