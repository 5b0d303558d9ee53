package dev.millrace.job.io;

import dev.millrace.model.base.DaemonThreads;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.util.ExceptionUtils;

/**
 * Reads beside the caller, who waits no longer than for a silent file system: it may hang for ever,
 * and no interrupt may end that. Safe for use by several threads.
 */
final class BoundedReads {

  /** Reads of a store that nobody waits for any more, and that have not ended: a thread each. */
  private static final int MOST_HUNG = 16;

  /** Their stores, by thread: of the process, whoever reads. */
  private static final Map<Thread, String> HUNG = new ConcurrentHashMap<>();

  /** A local file would come in one piece, of which nothing is seen before it is whole. */
  private static final int PIECE = 1 << 16;

  private final Duration patience;

  /**
   * @param patience how long no byte may come
   */
  BoundedReads(Duration patience) {
    this.patience = patience;
  }

  /** Opens a file and reads it. */
  @FunctionalInterface
  interface Reading {

    /**
     * All of it.
     *
     * @param bytes is told how many have come
     */
    byte[] read(AtomicLong bytes) throws IOException;
  }

  /** A stream that says how many bytes have come. */
  static InputStream counted(InputStream in, AtomicLong bytes) {
    return new FilterInputStream(in) {
      @Override
      public int read(byte[] into, int at, int most) throws IOException {
        int read = super.read(into, at, Math.min(most, PIECE));
        bytes.addAndGet(Math.max(0, read));
        return read;
      }
    };
  }

  /**
   * @throws IOException as the reading does, or if nothing comes any more
   */
  byte[] read(String uri, Reading reading) throws IOException {
    String store = store(uri);
    HUNG.keySet().removeIf(thread -> !thread.isAlive());
    if (Collections.frequency(HUNG.values(), store) >= MOST_HUNG) {
      throw new IOException(
          "%s cannot be read now: %d reads before it hang".formatted(uri, MOST_HUNG));
    }
    AtomicLong bytes = new AtomicLong();
    FutureTask<byte[]> task = new FutureTask<>(() -> reading.read(bytes));
    Thread thread = new DaemonThreads("millrace-read").newThread(task);
    thread.start();
    try {
      return awaited(uri, task, bytes);
    } finally {
      if (!task.isDone()) {
        HUNG.put(thread, store);
        thread.interrupt();
      }
    }
  }

  /** The folder that the folders of releases are in. */
  private static String store(String uri) {
    return uri.replaceFirst("(/[^/]*){2}$", "");
  }

  private byte[] awaited(String uri, FutureTask<byte[]> task, AtomicLong bytes) throws IOException {
    for (long before = 0; ; before = bytes.get()) {
      try {
        return task.get(patience.toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        if (bytes.get() == before) {
          throw new IOException(
              "%s cannot be read now: no byte came in %d ms".formatted(uri, patience.toMillis()),
              e);
        }
      } catch (ExecutionException e) {
        ExceptionUtils.rethrowIOException(e.getCause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while " + uri + " was read");
      }
    }
  }
}
