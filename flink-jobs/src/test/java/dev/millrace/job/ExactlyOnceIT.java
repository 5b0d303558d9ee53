package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.Learner;
import dev.millrace.adapter.LearnerState;
import dev.millrace.adapter.Outcome;
import dev.millrace.adapter.train.Governor;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.Opener;
import dev.millrace.job.operator.serve.Serving;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.score.HeldOut;
import dev.millrace.model.serve.Responder;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Sample;
import dev.millrace.schema.TrainingBatch;
import dev.millrace.schema.Verdict;
import dev.millrace.schema.wire.InvalidRecordException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.core.execution.JobClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Failures in the middle of training and of serving change nothing that anybody can read, nor does
 * where state is kept.
 */
@Timeout(value = 12, unit = TimeUnit.MINUTES)
class ExactlyOnceIT {

  private static final List<String> DOMAINS = List.of("cloud", "health", "legal");
  private static final int SAMPLES = 48;
  private static final int REQUESTS = 200;
  private static final int FAILURES = 5;
  private static final Map<String, String> SETTINGS =
      Map.of("batch.count", "8", "heldOut.everyNth", "3", "serve.batchSize", "4");

  /** The jobs run in this process: they find their failures here. */
  private static volatile Kills training = Kills.none();

  private static volatile Kills serving = Kills.none();

  @Test
  void learnAndServe_tenFailuresAtRandomPoints_sameReleasesAndOneAnswerEach() throws Exception {
    long seed = Long.getLong("millrace.seed", System.nanoTime());
    Random random = new Random(seed);
    try {
      Run calm = run(stateIn("hashmap"));
      training = new Kills("training", FAILURES, 40, random);
      serving = new Kills("serving", FAILURES, 25, random);
      System.err.println("seed " + seed + ": " + training + ", " + serving);
      Run disturbed = run(stateIn("rocksdb"));
      assertEquals(FAILURES, training.done(), "seed " + seed);
      assertEquals(FAILURES, serving.done(), "seed " + seed);
      assertEquals(calm, disturbed, "seed " + seed);
    } finally {
      training = Kills.none();
      serving = Kills.none();
    }
  }

  private static Configuration stateIn(String backend) {
    return new Configuration().set(StateBackendOptions.STATE_BACKEND, backend);
  }

  /**
   * What anybody can read of a run.
   *
   * @param answered the ids of the requests of all answers, sorted
   * @param releases per domain its releases in order
   * @param files of the store by path, the digest of each
   * @param taught per domain the ids of the samples that its releases learned, in order
   * @param refused the ids of all refused samples, sorted
   */
  private record Run(
      List<String> answered,
      Map<String, List<String>> releases,
      Map<String, String> files,
      Map<String, List<String>> taught,
      List<String> refused) {}

  private static Run run(Configuration learning) throws Exception {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 4)) {
      return run(Loop.create(stack, 4, SETTINGS), learning);
    }
  }

  private static Run run(Loop loop, Configuration learning) throws Exception {
    feed(loop);
    JobClient serve = loop.serve(failing(TinyParts.servings(loop.config())));
    loop.await(
        loop.learnAll(
            learning, LearnerBefore.each(TinyParts.learners(loop.config()), FailingLearner::new)));
    List<Answer> answers = loop.answers(REQUESTS);
    serve.cancel().get();
    answers.forEach(answer -> assertNull(answer.error()));
    List<String> answered = answers.stream().map(Answer::request).sorted().toList();
    assertEquals(requests(), answered, "one answer to each request");
    List<ReleaseEvent> events = loop.releases(0);
    List<String> refused = loop.rejections(0).stream().map(Rejection::id).sorted().toList();
    Map<String, List<String>> taught = taught(events);
    assertAllTaughtOnce(taught, refused, loop);
    assertTrue(loop.verdicts(0).stream().allMatch(Verdict::accepted), "every batch was learned");
    loop.assertLineagesAreWhole(DOMAINS.size() * SAMPLES);
    return new Run(answered, releases(events), loop.files(), taught, refused);
  }

  /** A sample is in one batch, and in the lineage of a domain once if that batch was accepted. */
  private static void assertAllTaughtOnce(
      Map<String, List<String>> taught, List<String> refused, Loop loop)
      throws InvalidRecordException {
    HeldOut heldOut = TinyParts.heldOut(loop.config());
    Set<String> expected =
        samples().stream()
            .filter(s -> !refused.contains(s.id()))
            .filter(s -> !heldOut.contains(s.tenant(), s.domain(), s.document()))
            .map(Sample::id)
            .collect(Collectors.toSet());
    List<Verdict> verdicts = loop.verdicts(0);
    assertEquals(expected.size(), verdicts.stream().mapToInt(Verdict::samples).sum());
    List<String> all = taught.values().stream().flatMap(List::stream).toList();
    assertEquals(all.size(), Set.copyOf(all).size(), "no sample is taught twice");
    assertTrue(expected.containsAll(all));
    assertEquals(
        all.size(), verdicts.stream().filter(Verdict::accepted).mapToInt(Verdict::samples).sum());
  }

  private static Map<String, List<String>> releases(List<ReleaseEvent> events) {
    Map<String, List<String>> releases = new TreeMap<>();
    for (ReleaseEvent event : events) {
      releases.computeIfAbsent(event.domain(), d -> new ArrayList<>()).add(event.release());
    }
    assertEquals(DOMAINS, List.copyOf(releases.keySet()), "all domains have releases");
    return releases;
  }

  private static Map<String, List<String>> taught(List<ReleaseEvent> events) throws IOException {
    Map<String, List<String>> taught = new TreeMap<>();
    for (ReleaseEvent event : events) {
      byte[] bytes = Files.readAllBytes(TinyParts.path(event.uri()).resolve(Manifest.FILE));
      for (LearnedSample sample : Manifest.parse(bytes).learned()) {
        if (!sample.replay()) {
          taught.computeIfAbsent(event.domain(), d -> new ArrayList<>()).add(sample.sample());
        }
      }
    }
    return taught;
  }

  private static void feed(Loop loop) {
    try (Feed feed = loop.feed()) {
      samples().forEach(sample -> feed.send(loop.topics().samples(), sample));
      for (String id : requests()) {
        String domain = DOMAINS.get(Math.floorMod(id.hashCode(), DOMAINS.size()));
        String caller = "caller " + Math.floorMod(id.hashCode(), 7);
        feed.send(loop.topics().requests(), caller, Feed.request(id, domain, "say " + id));
      }
    }
  }

  private static List<Sample> samples() {
    Random random = new Random(7);
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < SAMPLES; i++) {
      for (String domain : DOMAINS) {
        samples.add(Feed.sample(domain + i, domain, Feed.text(domain, random), 1_000 + i));
      }
    }
    return samples;
  }

  private static List<String> requests() {
    return IntStream.range(0, REQUESTS).mapToObj("request-%04d"::formatted).toList();
  }

  private static Opener<Serving> failing(Opener<Serving> servings) {
    return subtask -> {
      Opened<Serving> opened = servings.open(subtask);
      Serving real = opened.value();
      return new Opened<>(
          new Serving(failing(real.responder()), real.releases(), real.cache()),
          opened.resources());
    };
  }

  /** Fails when answers are there and nobody has them. */
  private static Responder failing(Responder real) {
    return Behind.calls(
        Responder.class,
        real,
        (method, result) -> {
          if (method.equals("step") && result instanceof List<?> answered && !answered.isEmpty()) {
            serving.pass();
          }
          return result;
        });
  }

  /** Fails between micro-batches, or when all is published and nobody knows of it. */
  private record FailingLearner(Learner learner) implements LearnerBefore {
    @Override
    public Outcome learn(LearnerState state, TrainingBatch batch, Governor governor) {
      Outcome outcome =
          learner.learn(
              state,
              batch,
              () -> {
                training.pass();
                return governor.proceed();
              });
      training.pass();
      return outcome;
    }
  }
}
