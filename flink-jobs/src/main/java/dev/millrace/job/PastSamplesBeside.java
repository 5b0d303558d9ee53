package dev.millrace.job;

import dev.millrace.adapter.PastSamples;
import dev.millrace.model.base.DaemonThreads;
import dev.millrace.schema.Origin;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Reads samples again on a thread of its own. Who asks for them waits a moment only, does something
 * else, and asks again. One thread asks.
 */
final class PastSamplesBeside implements PastSamples, AutoCloseable {

  /** What a broker that answers takes; who asks again does not wait. */
  private static final Duration MOMENT = Duration.ofSeconds(2);

  private static final Duration END = Duration.ofMinutes(1);

  /**
   * Whoever waits asks again and again; of so many, far more than orders wait in a subtask, who
   * asked longest ago asks no more. With fewer, orders that take turns would undo each other's
   * reading.
   */
  static final int MOST = 4096;

  private final PastSamples past;
  private final String where;
  private final Duration moment;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(new DaemonThreads("millrace-past"));

  /** What was asked for and not given yet; what was asked for last comes last. */
  private final Map<Map<Origin, String>, Future<Map<Origin, int[]>>> reading =
      new LinkedHashMap<>();

  /**
   * @param where the samples are, in messages
   */
  PastSamplesBeside(PastSamples past, String where) {
    this(past, where, MOMENT);
  }

  /**
   * @param moment that who asks first waits
   */
  PastSamplesBeside(PastSamples past, String where, Duration moment) {
    this.past = past;
    this.where = where;
    this.moment = moment;
  }

  @Override
  public Map<Origin, int[]> tokens(Map<Origin, String> samples) {
    Future<Map<Origin, int[]>> known = reading.remove(samples);
    Future<Map<Origin, int[]>> asked =
        known == null ? thread.submit(() -> past.tokens(samples)) : known;
    try {
      return asked.get(known == null ? moment.toMillis() : 0, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      keep(samples, asked);
      throw new UncheckedIOException(
          "samples that taught cannot be read again",
          new IOException(where + " has not given them yet, waiting for it", e));
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException failure
          ? failure
          : new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private void keep(Map<Origin, String> samples, Future<Map<Origin, int[]>> asked) {
    reading.put(samples, asked);
    if (reading.size() > MOST) {
      var eldest = reading.values().iterator();
      eldest.next().cancel(true);
      eldest.remove();
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
    boolean unused = DaemonThreads.end(thread, END);
  }
}
