package dev.millrace.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import dev.millrace.schema.wire.Codecs;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Whatever arrives is refused once with its reason; nothing restarts, and what served serves on.
 */
@Timeout(value = 12, unit = TimeUnit.MINUTES)
class GarbageIT {

  private static final String DOMAIN = "cloud";
  private static final int BATCH = 8;

  private final Random random = new Random(11);
  private final Map<Origin, String> expected = new TreeMap<>(GarbageIT::compare);

  @Test
  void learnAndServe_garbageOnEveryTopic_refusedOnceEachAndNothingRestarts() throws Exception {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 4)) {
      Loop loop =
          Loop.create(
              stack,
              2,
              Map.of(
                  "batch.count", String.valueOf(BATCH),
                  "heldOut.everyNth", "2",
                  "unlabelled.spanMillis", "1000"));
      JobClient learn = loop.learn(TinyParts.learners(loop.config()));
      JobClient serve = loop.serve(TinyParts.servings(loop.config()));
      try (Feed feed = loop.feed()) {
        garbageSamples(feed, loop.topics().samples());
        goodSamples(feed, loop);
        ReleaseEvent first = loop.releases(1).get(0);
        garbageRequests(feed, loop.topics().requests());
        corruptedRelease(feed, loop, first);
        assertEquals(expected, refusals(loop));
        answerBy(first, feed, loop);
        assertEquals(expected, refusals(loop), "nothing is refused twice");
        assertEquals(0, restarts(stack, learn));
        assertEquals(0, restarts(stack, serve));
        serve.cancel().get();
        assertThrows(ExecutionException.class, serve.getJobExecutionResult()::get);
        answerFirstBy(first, feed, loop);
      }
    }
  }

  /** A job that has no state follows what the topic holds before it takes what waits. */
  private static void answerFirstBy(ReleaseEvent release, Feed feed, Loop loop) throws Exception {
    int answers = loop.answers(0).size();
    feed.send(loop.topics().requests(), "caller", Feed.request("waits", DOMAIN, "a last prompt"));
    JobClient unused = loop.serve(TinyParts.servings(loop.config()));
    Optional<Answer> answer = Optional.empty();
    for (int count = answers + 1; answer.isEmpty(); count++) { // others may be asked once more
      answer = loop.answers(count).stream().filter(a -> a.request().equals("waits")).findFirst();
    }
    assertEquals(release.release(), answer.get().release());
  }

  private void garbageSamples(Feed feed, String topic) throws Exception {
    byte[] good =
        Codecs.samples()
            .encode(Feed.sample("good", DOMAIN, Feed.text("text of the sample", random), 1_000));
    byte[] unknownSchema = good.clone();
    Arrays.fill(unknownSchema, 2, 10, (byte) 0x5a);
    byte[] noise = new byte[200];
    random.nextBytes(noise);
    noise[0] = 0x7f;
    refuse(feed, topic, noise, "not-avro");
    refuse(feed, topic, null, "not-avro");
    refuse(feed, topic, Arrays.copyOf(good, good.length - 7), "truncated");
    refuse(feed, topic, unknownSchema, "unknown-schema");
    refuse(feed, topic, invalidUtf8(good), "invalid-utf8");
    refuse(feed, topic, sample("empty", DOMAIN, " "), "empty-text");
    refuse(feed, topic, sample("huge", DOMAIN, "long text ".repeat(500_000)), "too-long");
    refuse(feed, topic, sample("unlabelled", null, "彷徨う者は".repeat(20)), "domain-unknown");
  }

  private void garbageRequests(Feed feed, String topic) throws Exception {
    byte[] noise = new byte[64];
    random.nextBytes(noise);
    noise[0] = 0x7f;
    refuse(feed, topic, noise, "not-avro");
    byte[] good = Codecs.requests().encode(Feed.request("good", DOMAIN, "prompt"));
    refuse(feed, topic, Arrays.copyOf(good, good.length / 2), "truncated");
    Request huge = Feed.request("q".repeat(9 << 20), DOMAIN, "prompt");
    refuse(feed, topic, Codecs.requests().encode(huge), "too-long");
    expected.put(feed.place(topic, "k".repeat(1 << 20), good), "too-long");
  }

  /** The next release in all respects but one byte of its weights. */
  private void corruptedRelease(Feed feed, Loop loop, ReleaseEvent first) throws Exception {
    Path folder = TinyParts.path(first.uri());
    Path broken = folder.resolveSibling("broken");
    Files.createDirectories(broken);
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        byte[] bytes = Files.readAllBytes(file);
        if (file.toString().endsWith(".safetensors")) {
          bytes[bytes.length - 1] ^= 1;
        }
        Files.write(broken.resolve(file.getFileName()), bytes);
      }
    }
    ReleaseEvent event =
        StreamRecords.at(
            broken.toUri().toString(), first.ordering(ReleaseEvent.Action.ROLLBACK, "test"));
    refuse(feed, loop.topics().releases(), Codecs.releases().encode(event), "release-invalid");
    byte[] noise = {0x7f, 1, 2, 3};
    refuse(feed, loop.topics().releases(), noise, "not-avro");
    byte[] fencing = Codecs.releases().encode(first.withEpoch(Long.MAX_VALUE));
    refuse(feed, loop.topics().releases(), fencing, "bad-time");
  }

  /** Asks until the release answers: each subtask fetches it for itself. */
  private static void answerBy(ReleaseEvent release, Feed feed, Loop loop) throws Exception {
    Request invalid = Feed.request("invalid", DOMAIN, "");
    feed.send(loop.topics().requests(), "caller", invalid);
    Map<String, Answer> answers = new TreeMap<>();
    @Nullable String by = null;
    for (int asked = 1; !release.release().equals(by); asked++) {
      String id = "asked " + asked;
      feed.send(loop.topics().requests(), "caller", Feed.request(id, DOMAIN, "a prompt"));
      loop.answers(1 + asked).forEach(answer -> answers.put(answer.request(), answer));
      by = answers.get(id).release();
    }
    assertNotNull(answers.get("invalid").error());
  }

  /** Enough for one batch beside those that are held out, and not for two. */
  private static void goodSamples(Feed feed, Loop loop) {
    Random random = new Random(3);
    for (int i = 0; i < 3 * BATCH; i++) {
      feed.send(
          loop.topics().samples(),
          Feed.sample("good" + i, DOMAIN, Feed.text("text of the sample", random), 1_000 + i));
    }
  }

  private void refuse(Feed feed, String topic, byte[] value, String reason) throws Exception {
    expected.put(feed.place(topic, DOMAIN, value), reason);
  }

  private Map<Origin, String> refusals(Loop loop) throws Exception {
    Map<Origin, String> refused = new TreeMap<>(GarbageIT::compare);
    List<Rejection> rejections = loop.rejections(expected.size());
    rejections.forEach(r -> refused.put(r.origin(), r.reason()));
    assertEquals(refused.size(), rejections.size(), "each once");
    return refused;
  }

  private static byte[] sample(String id, String domain, String text) {
    return Codecs.samples().encode(Feed.sample(id, domain, text, 1_000));
  }

  /** The first letter of the text becomes a byte that no UTF-8 has. */
  private static byte[] invalidUtf8(byte[] good) {
    byte[] bytes = good.clone();
    byte[] marker = "text of the sample".getBytes(UTF_8);
    for (int i = 0; i < bytes.length - marker.length; i++) {
      if (ByteBuffer.wrap(bytes, i, marker.length).equals(ByteBuffer.wrap(marker))) {
        bytes[i] = (byte) 0xff;
        return bytes;
      }
    }
    throw new IllegalStateException("no text in the record");
  }

  /** How often a task of a job was started again. */
  static int restarts(EmbeddedStack stack, JobClient job) throws Exception {
    int most = 0;
    var graph = stack.cluster().getExecutionGraph(job.getJobID()).get();
    for (AccessExecutionVertex vertex : graph.getAllExecutionVertices()) {
      most = Math.max(most, vertex.getCurrentExecutionAttempt().getAttemptNumber());
    }
    return most;
  }

  private static int compare(Origin a, Origin b) {
    return java.util.Comparator.comparing(Origin::topic)
        .thenComparingInt(Origin::partition)
        .thenComparingLong(Origin::offset)
        .compare(a, b);
  }
}
