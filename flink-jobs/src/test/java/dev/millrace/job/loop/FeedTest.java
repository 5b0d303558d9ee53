package dev.millrace.job.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.report.Committed;
import dev.millrace.job.report.Recording;
import dev.millrace.model.score.HeldOut;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.Sample;
import dev.millrace.schema.Verdict;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FeedTest {

  private static final HeldOut HELD_OUT = new HeldOut("salt", 2);
  private static final Origin ORIGIN = new Origin("samples", 0, 0);

  private final List<Sample> sent = new ArrayList<>();
  private final Feed feed =
      new Feed(
          sent::add,
          HELD_OUT,
          new Waiting(),
          Clock.fixed(Instant.ofEpochMilli(42), ZoneOffset.UTC));

  @Test
  void send_windowIsFull_sendsNoMoreThanItAndSixteen() throws Exception {
    int taken = feed.send(samples(64, false), 20, FeedTest::nothing, System.nanoTime());
    assertEquals(32, taken);
    assertEquals(32, sent.size());
    assertEquals(42, sent.get(0).eventTimeMillis());
  }

  @Test
  void onTheirWay_refusedAndJudged_areNot() throws Exception {
    List<Sample> samples = samples(8, false);
    send(samples);
    assertEquals(8, feed.onTheirWay(nothing()));
    assertEquals(3, feed.onTheirWay(recording(2, samples.get(0).id(), samples.get(1).id(), null)));
  }

  /** Else as many more would be let in, and each would wait the longer. */
  @Test
  void onTheirWay_heldOutSampleIsRefused_isTakenOffOnce() throws Exception {
    List<Sample> teach = samples(8, false);
    List<Sample> judge = samples(8, true);
    send(teach);
    send(judge);
    assertEquals(8, feed.onTheirWay(nothing()));
    assertEquals(7, feed.onTheirWay(recording(0, judge.get(0).id(), teach.get(0).id())));
  }

  /** A drain would commit what that batch teaches only with all that is learned after it. */
  @Test
  void isLearned_closedBatchIsNotJudged_isFalse() throws Exception {
    send(samples(40, false));
    assertFalse(feed.isLearned(nothing(), 8));
    assertTrue(feed.isLearned(recording(32), 8));
  }

  private void send(List<Sample> samples) throws InterruptedException {
    int unused = feed.send(samples, Integer.MAX_VALUE, FeedTest::nothing, System.nanoTime());
  }

  private static List<Sample> samples(int count, boolean heldOut) {
    return IntStream.iterate(0, i -> i + 1)
        .filter(i -> HELD_OUT.contains(null, "java", "document " + i) == heldOut)
        .limit(count)
        .mapToObj(i -> Samples.of("sample " + i, "document " + i, "java", "text"))
        .toList();
  }

  private static Recording nothing() {
    return recording(0);
  }

  private static Recording recording(int judged, @Nullable String... refused) {
    return new Recording(
        List.of(),
        Arrays.stream(refused)
            .map(id -> committed(new Rejection(ORIGIN, id, "java", "repetition", "", Double.NaN)))
            .toList(),
        List.of(committed(verdict(judged))),
        List.of(),
        List.of(),
        List.of(),
        List.of());
  }

  private static Verdict verdict(int samples) {
    return new Verdict(null, "java", 0, null, null, false, List.of(), samples, 0, 0, List.of());
  }

  private static <T> Committed<T> committed(T value) {
    return new Committed<>(value, ORIGIN, 0, 0);
  }
}
