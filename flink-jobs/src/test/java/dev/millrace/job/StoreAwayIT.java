package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.Learner;
import dev.millrace.adapter.LearnerState;
import dev.millrace.adapter.Outcome;
import dev.millrace.adapter.train.Governor;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.operator.learn.LearnerOpener;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Sample;
import dev.millrace.schema.Verdict;
import dev.millrace.schema.wire.Codecs;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is ordered while the folder of the store is gone is obeyed once it is back. */
@Timeout(value = 12, unit = TimeUnit.MINUTES)
class StoreAwayIT {

  private static final String DOMAIN = "cloud";
  private static final int BATCH = 8;
  private static final AtomicInteger IN_VAIN = new AtomicInteger();

  private final Random random = new Random(5);

  @Test
  void rollback_whileTheStoreIsAway_waitsAndIsObeyedAndOneToAnAbsentReleaseIsRefused()
      throws Exception {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 8)) {
      Loop loop =
          Loop.create(
              stack,
              1,
              Map.of(
                  "batch.count", "" + BATCH,
                  "batch.spanMillis", "1000000",
                  "heldOut.everyNth", "3"));
      var serve = loop.serve(TinyParts.servings(loop.config()));
      var learn = loop.learn(noting(loop.config()));
      try (Feed feed = loop.feed()) {
        Asker asker = new Asker(loop, feed);
        ReleaseEvent good = firstOfAll(feed, loop);
        Path store = TinyParts.path(loop.config().store().uri());
        Path away = Files.move(store, store.resolveSibling("away"));
        order(good, feed, loop);
        Deadline deadline = new Deadline("the order to be read");
        while (IN_VAIN.get() == 0) {
          assertEquals(List.of(), obeyed(loop));
          deadline.check();
        }
        Files.move(away, store);
        assertTrue(obeyed(1, loop).get(0).passed());
        asker.await(good.release(), DOMAIN);
        Files.move(TinyParts.path(good.uri()), store.resolveSibling("gone"));
        order(good, feed, loop);
        assertTrue(obeyed(2, loop).get(1).reason().startsWith("release-invalid: "));
        assertEquals(0, GarbageIT.restarts(stack, learn));
        assertEquals(0, GarbageIT.restarts(stack, serve));
      }
    }
  }

  /** Teaches some batches; when it returns, nothing is left to learn. */
  private ReleaseEvent firstOfAll(Feed feed, Loop loop) throws Exception {
    int teaching = 0;
    for (int n = 0; teaching < 3 * BATCH; n++) {
      Sample sample = Feed.sample("sample" + n, DOMAIN, Feed.text(DOMAIN, random), 1_000 + n);
      feed.send(loop.topics().samples(), sample);
      boolean judges = TinyParts.heldOut(loop.config()).contains(null, DOMAIN, sample.document());
      teaching += judges ? 0 : 1;
    }
    long accepted = loop.verdicts(3).stream().filter(Verdict::accepted).count();
    return loop.releases((int) accepted).get(0);
  }

  private static void order(ReleaseEvent release, Feed feed, Loop loop) throws Exception {
    byte[] event = Codecs.releases().encode(release.ordering(Action.ROLLBACK, "test"));
    var unused = feed.place(loop.topics().releases(), DOMAIN, event);
  }

  private static List<RuleResult> obeyed(int count, Loop loop) throws Exception {
    Deadline deadline = new Deadline(count + " verdicts on orders");
    while (obeyed(loop).size() < count) {
      deadline.check();
    }
    return obeyed(loop);
  }

  private static List<RuleResult> obeyed(Loop loop) throws Exception {
    return loop.verdicts(0).stream()
        .map(Verdict::rules)
        .flatMap(List::stream)
        .filter(rule -> rule.rule().equals("rollback-obeyed"))
        .toList();
  }

  /** Learners that count the orders that they could not obey. */
  private static LearnerOpener noting(MillraceConfig config) {
    return LearnerBefore.each(TinyParts.learners(config), Noting::new);
  }

  private record Noting(Learner learner) implements LearnerBefore {
    @Override
    public Outcome obey(LearnerState state, ReleaseEvent event, Governor governor) {
      try {
        return learner.obey(state, event, governor);
      } catch (UncheckedIOException e) {
        IN_VAIN.incrementAndGet();
        throw e;
      }
    }
  }
}
