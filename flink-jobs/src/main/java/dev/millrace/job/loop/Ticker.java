package dev.millrace.job.loop;

import dev.millrace.model.base.DaemonThreads;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Tells a watcher about once a second how things stand. */
final class Ticker implements AutoCloseable {

  private final ScheduledExecutorService executor =
      Executors.newSingleThreadScheduledExecutor(new DaemonThreads("millrace-ticker"));

  void start(Spectator spectator, Watcher watcher) {
    var unused =
        executor.scheduleWithFixedDelay(
            () -> watcher.progress(spectator.recording()), 1, 1, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
