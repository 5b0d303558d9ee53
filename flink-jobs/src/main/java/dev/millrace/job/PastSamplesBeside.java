package dev.millrace.job;

import dev.millrace.adapter.PastSamples;
import dev.millrace.model.base.DaemonThreads;
import dev.millrace.schema.Origin;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.HashMap;
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

  private final PastSamples past;
  private final String where;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(new DaemonThreads("millrace-past"));

  /** What was asked for and not given yet. */
  private final Map<Map<Origin, String>, Future<Map<Origin, int[]>>> reading = new HashMap<>();

  /**
   * @param where the samples are, in messages
   */
  PastSamplesBeside(PastSamples past, String where) {
    this.past = past;
    this.where = where;
  }

  @Override
  public Map<Origin, int[]> tokens(Map<Origin, String> samples) {
    Future<Map<Origin, int[]>> known = reading.get(samples);
    Future<Map<Origin, int[]>> asked =
        known == null ? thread.submit(() -> past.tokens(samples)) : known;
    try {
      reading.put(samples, asked);
      Map<Origin, int[]> found =
          asked.get(known == null ? MOMENT.toMillis() : 0, TimeUnit.MILLISECONDS);
      reading.remove(samples);
      return found;
    } catch (TimeoutException e) {
      throw new UncheckedIOException(
          "samples that taught cannot be read again",
          new IOException(where + " has not given them yet, waiting for it", e));
    } catch (ExecutionException e) {
      reading.remove(samples);
      throw e.getCause() instanceof RuntimeException failure
          ? failure
          : new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
    boolean unused = DaemonThreads.end(thread, END);
  }
}
