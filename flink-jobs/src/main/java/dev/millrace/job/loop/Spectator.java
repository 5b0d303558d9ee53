package dev.millrace.job.loop;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.ReadingThread;
import dev.millrace.job.io.Topics;
import dev.millrace.job.report.Recording;
import dev.millrace.schema.ReleaseEvent;
import java.time.InstantSource;
import java.util.List;

/** Watches all topics from a thread of its own and notes when each record became visible. */
final class Spectator implements AutoCloseable {

  private final Recorder recorder;
  private final Waiting waiting;
  private final InstantSource clock;
  private final ReadingThread thread;

  Spectator(KafkaConfig config, Waiting waiting, InstantSource clock) {
    Topics topics = new Topics(config.prefix());
    this.recorder = new Recorder(topics);
    this.waiting = waiting;
    this.clock = clock;
    this.thread =
        ReadingThread.start("millrace-spectator", config, topics.all(), this::note, waiting::ring);
  }

  private void note(RawRecord raw) {
    recorder.add(raw, clock.millis());
    waiting.came();
  }

  Recording recording() {
    thread.requireAlive();
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
    thread.close();
  }
}
