package dev.millrace.job.loop;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.Topics;
import dev.millrace.job.report.Recording;
import dev.millrace.schema.ReleaseEvent;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Watches all topics from a thread of its own and notes when each record became visible. */
final class Spectator implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofMillis(100);

  private final Recorder recorder;
  private final Waiting waiting;
  private final Thread thread;
  private final AtomicReference<@Nullable RuntimeException> failure = new AtomicReference<>();
  private volatile boolean closing;

  Spectator(KafkaConfig config, Waiting waiting, InstantSource clock) {
    Topics topics = new Topics(config.prefix());
    this.recorder = new Recorder(topics);
    this.waiting = waiting;
    this.thread = new Thread(() -> watch(config, topics, clock), "millrace-spectator");
    thread.start();
  }

  private void watch(KafkaConfig config, Topics topics, InstantSource clock) {
    try (RecordReader reader = RecordReader.fromBeginning(config, topics.all())) {
      while (!closing) {
        for (RawRecord raw : reader.poll(PATIENCE)) {
          recorder.add(raw, clock.millis());
          waiting.came();
        }
        waiting.ring();
      }
    } catch (RuntimeException e) {
      failure.set(e);
      waiting.ring();
    }
  }

  Recording recording() {
    RuntimeException cause = failure.get();
    if (cause != null) {
      throw new IllegalStateException("the topics cannot be read: " + cause, cause);
    }
    return recorder.recording();
  }

  /** What was said of releases of any kind, in order. */
  List<ReleaseEvent> events() {
    return recorder.events();
  }

  int answered() {
    return recorder.answered();
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
