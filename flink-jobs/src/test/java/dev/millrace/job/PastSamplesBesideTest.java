package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.PastSamples;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.schema.Origin;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PastSamplesBesideTest {

  private static final Origin PLACE = new Origin("millrace.samples", 0, 3);
  private static final Map<Origin, String> SAMPLES = Map.of(PLACE, "s3");

  /** Else an order to forget would hold the thread that learns all domains for a minute. */
  @Test
  @Timeout(25)
  void tokens_brokerDoesNotAnswer_whoAsksWaitsAMomentOnlyAndNotAgain() throws Exception {
    try (ServerSocket silent = new ServerSocket(0)) {
      String broker = "127.0.0.1:" + silent.getLocalPort();
      var config = MillraceConfig.defaults().with(Map.of("kafka.bootstrap", broker));
      try (var past = Openers.past(config, TinyParts.tokens(config))) {
        for (int i = 0; i < 3; i++) {
          var e = assertThrows(UncheckedIOException.class, () -> past.tokens(SAMPLES));
          assertTrue(e.getCause().getMessage().startsWith("broker " + broker), e::toString);
        }
      }
    }
  }

  @Test
  void tokens_givenLater_areReadOnceAndGivenToWhoAsksAgain() throws Exception {
    CountDownLatch answers = new CountDownLatch(1);
    AtomicInteger reads = new AtomicInteger();
    PastSamples slow =
        samples -> {
          reads.incrementAndGet();
          try {
            answers.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          return Map.of(PLACE, new int[] {7});
        };
    try (var past = new PastSamplesBeside(slow, "here")) {
      assertThrows(UncheckedIOException.class, () -> past.tokens(SAMPLES));
      answers.countDown();
      assertArrayEquals(new int[] {7}, awaited(past).get(PLACE));
      assertEquals(1, reads.get());
      assertArrayEquals(new int[] {7}, awaited(past).get(PLACE));
      assertEquals(2, reads.get());
    }
  }

  /** An order may come, and what was asked for before it is of no use. */
  @Test
  void tokens_askedForNoMore_areNotKeptForEver() {
    CountDownLatch answers = new CountDownLatch(1);
    Queue<Map<Origin, String>> reads = new ConcurrentLinkedQueue<>();
    PastSamples slow =
        samples -> {
          try {
            answers.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          reads.add(samples);
          return Map.of();
        };
    try (var past = new PastSamplesBeside(slow, "here", Duration.ZERO)) {
      for (int i = 0; i <= PastSamplesBeside.MOST; i++) {
        Map<Origin, String> asked = samples(i);
        assertThrows(UncheckedIOException.class, () -> past.tokens(asked));
      }
      answers.countDown();
      for (int i = 1; i <= PastSamplesBeside.MOST; i++) {
        awaited(past, samples(i));
      }
      assertFalse(reads.contains(samples(0)));
      awaited(past, samples(0));
      assertTrue(reads.contains(samples(0)));
    }
  }

  private static Map<Origin, String> samples(int offset) {
    return Map.of(new Origin("millrace.samples", 0, offset), "s" + offset);
  }

  @Test
  void tokens_readInVain_saysWhyAndReadsAnew() {
    AtomicInteger reads = new AtomicInteger();
    PastSamples away =
        samples -> {
          reads.incrementAndGet();
          throw new UncheckedIOException(new IOException("away"));
        };
    try (var past = new PastSamplesBeside(away, "here")) {
      for (int i = 1; i <= 2; i++) {
        var e = assertThrows(UncheckedIOException.class, () -> past.tokens(SAMPLES));
        assertEquals("away", e.getCause().getMessage());
        assertEquals(i, reads.get());
      }
    }
  }

  private static Map<Origin, int[]> awaited(PastSamples past) {
    return awaited(past, SAMPLES);
  }

  private static Map<Origin, int[]> awaited(PastSamples past, Map<Origin, String> samples) {
    while (true) {
      try {
        return past.tokens(samples);
      } catch (UncheckedIOException notYet) {
        Thread.onSpinWait();
      }
    }
  }
}
