package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.Rebaser;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.io.FlinkReleaseFiles;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.releases.Provenance;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.distil.Exam;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.release.BaseRelease;
import dev.millrace.model.release.Release;
import dev.millrace.model.release.ReleaseReader;
import dev.millrace.schema.Answer;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.wire.Codecs;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.FileUtils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A base is released while requests are answered, outlives the job, and is taken back. */
@Timeout(value = 8, unit = TimeUnit.MINUTES)
class BaseReleaseIT {

  private static final BasePublisher.Bounds BOUND = new BasePublisher.Bounds(0.01, 0.01);

  @Test
  void publish_nextBase_answersWhereItWasTaughtUntilItIsTakenBack(@TempDir Path folder)
      throws Exception {
    Path base = NanoReleases.copyWithFewTexts(folder.resolve("base"));
    Path next = folder.resolve("next");
    String before = id(base);
    try (EmbeddedStack stack = EmbeddedStack.start(1, 4)) {
      Loop loop = Loop.create(stack, 1, Map.of("base.dir", base.toString()));
      Path store = TinyParts.path(loop.config().store().uri());
      NanoReleases releases = new NanoReleases(store);
      ReleaseEvent cloud = releases.publish("cloud", 1);
      ReleaseEvent legal = releases.publish("legal", 2);
      ReleaseEvent health = releases.publish("health", 3);
      String after = changed(next, cloud.release());
      String brought = bring(health, base, next);
      JobClient job = loop.serve(Openers.serving(loop.config()));
      try (Feed feed = loop.feed();
          RecordWriter writer = new RecordWriter(loop.config().kafka())) {
        Asker asker = new Asker(loop, feed);
        for (ReleaseEvent event : List.of(cloud, legal, health)) {
          writer.send(loop.topics().releases(), "key", Codecs.releases().encode(event));
        }
        assertEquals(before, asker.await(cloud.release(), "cloud").base());
        assertEquals(before, asker.await(legal.release(), "legal").base());
        assertEquals(before, asker.await(health.release(), "health").base());

        keepAsking("health", asker);
        BasePublisher publisher = new BasePublisher(loop.config(), System.err::println);
        BasePublisher.Result result = publisher.publish(next, () -> null, BOUND, "a test");
        String release = result.release();
        assertNotNull(release, result.rules()::toString);
        assertTrue(
            result.rules().stream()
                .map(RuleResult::rule)
                .toList()
                .containsAll(List.of("protected-unharmed", "train-serve-parity", "canary-prompts")),
            result.rules()::toString);
        keepAsking("health", asker);
        assertEquals(after, asker.await(brought, "health").base());
        Answer taught = asker.await(release, "cloud");
        assertEquals(after, taught.base());
        assertEquals(after, asker.ask(null).base());
        assertEquals(before, asker.await(legal.release(), "legal").base());
        Provenance provenance =
            Provenance.of(StoredReleases.read(store), release, "cloud", ids -> Map.of());
        assertEquals(List.of(cloud.release()), provenance.chain());

        String savepoint =
            job.stopWithSavepoint(
                    false, stack.folder("savepoints").toString(), SavepointFormatType.CANONICAL)
                .get();
        JobClient again = serveFrom(savepoint, loop);
        assertEquals(after, asker.await(release, "cloud").base());
        assertEquals(after, asker.await(brought, "health").base());

        keepAsking("health", asker);
        ReleaseEvent head =
            loop.releases(4).stream().filter(e -> e.kind() == Kind.BASE).findAny().orElseThrow();
        publisher.takeBack(head, "a test");
        assertEquals(before, asker.await(cloud.release(), "cloud").base());
        assertEquals(before, asker.ask(null).base());
        assertEquals(before, asker.await(health.release(), "health").base());

        ReleaseEvent back =
            loop.releases(5).stream().filter(e -> e.release().isEmpty()).findAny().orElseThrow();
        Iterator<@Nullable ReleaseEvent> moving = Arrays.asList(null, back).iterator();
        assertThrows(
            IllegalStateException.class,
            () -> publisher.publish(next, moving::next, BOUND, "moved"));
        for (String forgotten : List.of(health.release(), brought)) {
          FileUtils.deleteDirectory(store.resolve(forgotten).toFile());
        }
        String second = publisher.publish(next, () -> back, BOUND, "again").release();
        assertNotEquals(release, second);
        assertEquals(after, asker.await(second, "cloud").base());
        assertFalse(Files.exists(store.resolve(brought)), "what it came of is gone");
        List<Answer> answers = loop.answers(asker.asked());
        assertEquals(asker.asked(), answers.size());
        for (Answer answer : answers) { // also those that were asked for during a switch
          String of = answer.release();
          if (Set.of(health.release(), brought).contains(String.valueOf(of))) {
            assertEquals(brought.equals(of) ? after : before, answer.base());
          }
        }
        again.cancel().get();
      }
      assertEquals(List.of(), loop.rejections(0));
    }
  }

  @Test
  void publish_worseBase_isRefusedByItsFiguresAndNothingIsWritten(@TempDir Path folder)
      throws Exception {
    Path next = folder.resolve("next");
    changed(next, null);
    BaseRelease.note(next, Map.of("cloud", new BaseRelease.Taught("a".repeat(64), 1, 1.02)));
    try (EmbeddedStack stack = EmbeddedStack.start(1, 2)) {
      Loop loop =
          Loop.create(stack, 1, Map.of("base.dir", NanoReleases.NANO.toAbsolutePath().toString()));
      BasePublisher.Result result =
          new BasePublisher(loop.config(), System.err::println)
              .publish(next, () -> null, BOUND, "a test");
      assertNull(result.release());
      assertTrue(
          result.rules().stream()
              .anyMatch(rule -> !rule.passed() && rule.reason().startsWith("cloud: 1.0000")),
          result.rules()::toString);
      assertEquals(List.of(), loop.releases(0));
    }
  }

  private static JobClient serveFrom(String savepoint, Loop loop) {
    StreamExecutionEnvironment env =
        StreamExecutionEnvironment.getExecutionEnvironment(
            new Configuration().set(StateRecoveryOptions.SAVEPOINT_PATH, savepoint));
    ServeJob.build(env, loop.config(), Openers.serving(loop.config()));
    return loop.stack().submit(env);
  }

  /** A copy of the base that ships in which the last bit of one weight is another. */
  private static String changed(Path folder, @Nullable String taught) throws IOException {
    NanoReleases.copyWithFewTexts(folder);
    try (RandomAccessFile weights =
        new RandomAccessFile(folder.resolve("model.safetensors").toFile(), "rw")) {
      weights.seek(weights.length() - 2);
      int low = weights.read();
      weights.seek(weights.length() - 2);
      weights.write(low ^ 1);
    }
    if (taught != null) {
      BaseRelease.note(folder, Map.of("cloud", new BaseRelease.Taught(taught, 1.5, 1.5)));
    }
    String id = id(folder);
    assertNotEquals(id(NanoReleases.NANO), id);
    return id;
  }

  /** The release on the new base that says what another says on the old one. */
  private static String bring(ReleaseEvent event, Path base, Path next) throws IOException {
    try (BaseModel old = DjlModels.open(base, Precision.INT8);
        BaseModel now = DjlModels.open(next, Precision.INT8)) {
      Release release =
          ReleaseReader.read(
              new FlinkReleaseFiles(), event.uri(), event.release(), old.id(), old.sites());
      List<int[]> texts = List.of(new int[] {5, 6, 7, 8}, new int[] {9, 8, 7, 6});
      Exam exam = new Exam(List.of(new Exam.Text("health", texts.get(0), 9)));
      Rebaser rebaser = new Rebaser(old, now, new Rebaser.Recipe(1, 1e-6, 1), Openers.machine());
      Rebaser.Rebased rebased =
          rebaser.rebase(release, texts, exam, exam, new Rebaser.Bounds(0.01, 0.01));
      assertTrue(rebased.accepted(), rebased::toString);
      rebased.write(next);
      BaseRelease.noteRebased(next, Map.of(event.release(), rebased.note()));
      return rebased.note().release();
    }
  }

  /** Sends requests whose answers nobody waits for yet. */
  private static void keepAsking(String domain, Asker asker) {
    for (int i = 0; i < 20; i++) {
      asker.send(domain);
    }
  }

  private static String id(Path folder) throws IOException {
    try (BaseModel base = DjlModels.open(folder, Precision.INT8)) {
      return base.id();
    }
  }
}
