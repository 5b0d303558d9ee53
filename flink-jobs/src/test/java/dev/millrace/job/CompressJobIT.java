package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.model.release.BaseRelease;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.Sample;
import dev.millrace.schema.Verdict;
import dev.millrace.schema.wire.Codecs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.ExceptionUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What has taught a release teaches a student, which is judged, released and answers. */
@Timeout(value = 8, unit = TimeUnit.MINUTES)
class CompressJobIT {

  private static final String[] WORDS =
      "the server cloud of a region is down when network load grows and no node can take more"
          .split(" ");
  private static final int TEXTS = 60;

  @TempDir Path folder;

  @Test
  void compress_whatTaughtARelease_isRefusedOrAnswersInItsPlace() throws Exception {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 4)) {
      Loop loop = loop(stack);
      Path store = TinyParts.path(loop.config().store().uri());
      try (Feed feed = loop.feed();
          RecordWriter writer = new RecordWriter(loop.config().kafka())) {
        Asker asker = new Asker(loop, feed);
        NanoReleases releases = new NanoReleases(store);
        ReleaseEvent cloud = releases.publish("cloud", 1, learned(feed, loop));
        Sample ofLegal = Feed.sample("of-legal", "legal", text(new SplittableRandom(2)), 2_000);
        ReleaseEvent unused = releases.publish("legal", 2, List.of(send(ofLegal, feed, loop)));
        for (ReleaseEvent event : List.of(cloud, forget("of-legal"))) {
          writer.send(loop.topics().releases(), "key" + event.domain(), encoded(event));
        }
        loop.serve(Openers.serving(loop.config()));
        String before = asker.await(cloud.release(), "cloud").base();

        run(loop, Map.of("compress.bound", "0"));
        Verdict refused = loop.verdicts(1).get(0);
        assertFalse(refused.accepted());
        assertNull(refused.release());
        assertEquals(BaseRelease.DOMAIN, refused.domain());
        assertEquals(TEXTS, refused.samples());
        assertTrue(refused.rules().stream().anyMatch(rule -> !rule.passed()));
        assertEquals(2, loop.releases(2).size());

        Map<String, String> generous =
            Map.of(
                "compress.bound", "100",
                "compress.domainBound", "100",
                "compress.release", cloud.release());
        run(loop, generous);
        Verdict passed = loop.verdicts(2).get(1);
        String release = passed.release();
        assertNotNull(release, passed.rules()::toString);
        assertTrue(passed.rules().stream().anyMatch(r -> r.reason().startsWith("cloud: ")));
        Set<String> named = BaseRelease.learned(store.resolve(release)).samples();
        assertEquals(TEXTS, named.size());
        assertFalse(named.contains("of-legal"));
        Answer taught = asker.await(release, "cloud");
        assertFalse(before.equals(taught.base()));
        assertEquals(taught.base(), asker.ask(null).base());

        run(loop, generous);
        assertEquals(release, loop.verdicts(3).get(2).release());
        assertEquals(3, loop.releases(3).size(), "as after a failure, nothing is published twice");
      }
    }
  }

  @Test
  void compress_nothingHasTaught_failsForGoodAndSaysWhatIsMissing() throws Exception {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 1)) {
      Loop loop = loop(stack);
      JobClient job = submit(loop, Map.of());
      ExecutionException failure =
          assertThrows(ExecutionException.class, () -> job.getJobExecutionResult().get());
      String expected = "0 accepted texts of 0 tokens, expected at least 512 tokens";
      assertTrue(
          ExceptionUtils.findThrowableWithMessage(failure, expected).isPresent(),
          failure::toString);
      assertEquals(JobStatus.FAILED, job.getJobStatus().get());
      assertEquals(List.of(), loop.verdicts(0));
    }
  }

  private Loop loop(EmbeddedStack stack) throws IOException {
    return Loop.create(
        stack,
        1,
        Map.of(
            "base.dir",
            NanoReleases.copyWithFewTexts(folder.resolve("base")).toString(),
            "compress.factor",
            "13.5",
            "compress.steps",
            "2",
            "compress.work",
            folder.toString()));
  }

  /** Texts that taught, and a picture; and one more that nobody learned. */
  private static List<LearnedSample> learned(Feed feed, Loop loop) throws Exception {
    SplittableRandom random = new SplittableRandom(1);
    List<LearnedSample> learned = new ArrayList<>();
    for (int i = 0; i < TEXTS; i++) {
      learned.add(send(Feed.sample("s" + i, "cloud", text(random), 1_000 + i), feed, loop));
    }
    learned.add(send(picture(), feed, loop));
    send(Feed.sample("refused", "cloud", text(random), 3_000), feed, loop);
    return learned;
  }

  private static LearnedSample send(Sample sample, Feed feed, Loop loop) throws Exception {
    byte[] value = Codecs.samples().encode(sample);
    return new LearnedSample(
        sample.id(), feed.place(loop.topics().samples(), "cloud", value), false);
  }

  private static String text(SplittableRandom random) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      text.append(WORDS[random.nextInt(WORDS.length)]).append(' ');
    }
    return text.toString();
  }

  private static Sample picture() {
    return new Sample(
        "picture",
        "test",
        "album",
        null,
        "cloud",
        Modality.IMAGE,
        "",
        new byte[] {1, 2, 3},
        "a cloud",
        2_500,
        Origin.UNWRITTEN);
  }

  private static ReleaseEvent forget(String sample) {
    return new ReleaseEvent(
            null, "legal", Kind.ADAPTER, Action.FORGET, "", "", null, 0, "a test", Origin.UNWRITTEN)
        .forgetting(List.of(sample));
  }

  private static byte[] encoded(ReleaseEvent event) {
    return Codecs.releases().encode(event);
  }

  private static void run(Loop loop, Map<String, String> settings) throws Exception {
    JobClient job = submit(loop, settings);
    job.getJobExecutionResult().get();
    assertEquals(JobStatus.FINISHED, job.getJobStatus().get());
  }

  private static JobClient submit(Loop loop, Map<String, String> settings) {
    MillraceConfig config = loop.config().with(new HashMap<>(settings));
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    CompressJob.build(env, config, Openers.teachings(config));
    return loop.stack().submit(env);
  }
}
