package dev.millrace.job.io;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.schema.wire.ErrorLine;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads topics from their beginning on a thread of its own and hands on each committed record,
 * until it is closed or fails.
 */
public final class ReadingThread implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofMillis(50);

  private final Thread thread;
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private volatile boolean closing;

  private ReadingThread(
      String name,
      KafkaConfig config,
      Collection<String> topics,
      Consumer<RawRecord> each,
      Runnable looked) {
    thread = new Thread(() -> read(config, topics, each, looked), name);
  }

  /**
   * Begins to read.
   *
   * @param looked is run whenever there may be something new, a failure too
   */
  public static ReadingThread start(
      String name,
      KafkaConfig config,
      Collection<String> topics,
      Consumer<RawRecord> each,
      Runnable looked) {
    ReadingThread reading = new ReadingThread(name, config, topics, each, looked);
    reading.thread.start();
    return reading;
  }

  private void read(
      KafkaConfig config, Collection<String> topics, Consumer<RawRecord> each, Runnable looked) {
    try (RecordReader reader = RecordReader.fromBeginning(config, topics)) {
      while (!closing) {
        reader.poll(PATIENCE).forEach(each);
        looked.run();
      }
    } catch (RuntimeException | Error e) {
      failure.set(e);
      looked.run();
    }
  }

  /**
   * Asked before what was read is taken for all there is.
   *
   * @throws IllegalStateException if it has failed
   */
  public void requireAlive() {
    Throwable cause = failure.get();
    if (cause != null) {
      throw new IllegalStateException("the topics cannot be read: " + ErrorLine.of(cause), cause);
    }
  }

  @Override
  public void close() {
    closing = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
