package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.io.RawRecord;
import dev.millrace.model.release.Manifest;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Codecs;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A release that loses to the one before on fresh samples is taken back by an event of learn's own,
 * with the bounds that ship: the domain's texts turn to an alphabet that the release has unlearned.
 */
@Timeout(value = 8, unit = TimeUnit.MINUTES)
class AutomaticRollbackIT {

  private static final String DOMAIN = "cloud";
  private static final int BATCH = 16;
  private static final String BEFORE = "abcdefghijklm";
  private static final String AFTER = "NOPQRSTUVWXYZ";
  private static final Map<String, String> SETTINGS =
      Map.of(
          "batch.count", "" + BATCH,
          "batch.spanMillis", "1000000",
          "heldOut.everyNth", "3",
          "learn.train.learningRate", "0.05");

  /** The aim is 2 s on a machine that does nothing else; a build shares its machine. */
  private static final long PATIENCE_MILLIS = 10_000;

  private final Random random = new Random(5);
  private int samples;

  @Test
  void liveLoss_releaseLoses_theOneBeforeAnswersAndLearnGoesOnFromIt() throws Exception {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 8)) {
      Loop loop = Loop.create(stack, 1, SETTINGS);
      loop.serve(TinyParts.servings(loop.config()));
      loop.learn(TinyParts.learners(loop.config()));
      try (Feed feed = loop.feed();
          Committed releases = loop.committed(loop.topics().releases())) {
        Asker asker = new Asker(loop, feed);
        ReleaseEvent bad = taught(1, BEFORE, feed, loop, releases).as(Codecs.releases());
        assertEquals(Action.PUBLISH, bad.action());
        asker.await(bad.release(), DOMAIN);
        long firstBadSample = System.currentTimeMillis();
        RawRecord record = taught(2, AFTER, feed, loop, releases);
        ReleaseEvent back = record.as(Codecs.releases());
        assertEquals(Action.ROLLBACK, back.action());
        assertEquals("", back.release());
        assertTrue(back.reason().contains("not yet learned"), back::reason);
        assertNotEquals(0, back.epoch());
        Answer old = asker.await(null, DOMAIN);
        long millis = old.answeredMillis() - record.timestamp();
        System.out.printf(
            "AutomaticRollbackIT: the old release answers %d ms after the event, %d ms after the"
                + " first bad sample: %s%n",
            millis, old.answeredMillis() - firstBadSample, back.reason());
        assertTrue(millis < PATIENCE_MILLIS, millis + " ms until the old release answers");
        ReleaseEvent next = taught(3, AFTER, feed, loop, releases).as(Codecs.releases());
        assertEquals(Action.PUBLISH, next.action());
        assertNull(next.parent());
        Manifest manifest =
            Manifest.parse(Files.readAllBytes(TinyParts.path(next.uri()).resolve(Manifest.FILE)));
        Origin seen = new Origin("live-loss", 0, manifest.obeyed().offset());
        assertEquals(seen, manifest.obeyed());
        asker.await(next.release(), DOMAIN);
      }
      assertFalse(
          loop.verdicts(0).stream()
              .flatMap(verdict -> verdict.rules().stream())
              .anyMatch(rule -> rule.rule().equals("rollback-obeyed")),
          "learn obeyed its own event");
    }
  }

  /** Teaches batch by batch until there are so many events, and gives the last of them. */
  private RawRecord taught(int count, String letters, Feed feed, Loop loop, Committed releases)
      throws Exception {
    List<RawRecord> events = releases.all();
    for (int verdicts = verdicts(loop); events.size() < count; verdicts++) {
      teachBatch(letters, feed, loop);
      Deadline deadline = new Deadline("verdict " + (verdicts + 1));
      while (verdicts(loop) == verdicts) {
        deadline.check();
      }
      deadline = new Deadline("release event " + count);
      boolean accepted = loop.verdicts(0).get(verdicts).release() != null;
      do {
        deadline.check();
        events = releases.all();
      } while (events.size() < count && (accepted || count == 2));
    }
    return events.get(count - 1);
  }

  private static int verdicts(Loop loop) throws Exception {
    return loop.verdicts(0).size();
  }

  /** As many samples as close a batch, and those between that are held out. */
  private void teachBatch(String letters, Feed feed, Loop loop) {
    for (int taught = 0; taught < BATCH; ) {
      StringBuilder text = new StringBuilder();
      while (text.length() < 100) {
        text.append(letters.charAt(random.nextInt(letters.length())));
      }
      int n = samples++;
      Sample sample = Feed.sample("sample" + n, DOMAIN, text.toString(), 1_000 + n);
      feed.send(loop.topics().samples(), sample);
      boolean judges = TinyParts.heldOut(loop.config()).contains(null, DOMAIN, sample.document());
      taught += judges ? 0 : 1;
    }
  }
}
