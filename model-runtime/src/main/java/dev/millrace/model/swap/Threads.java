package dev.millrace.model.swap;

import dev.millrace.model.base.DaemonThreads;
import dev.millrace.model.base.ThreadPolicy;
import java.time.Duration;
import java.util.concurrent.ExecutorService;

/** Beginning and end of the threads that load. */
final class Threads {

  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private Threads() {}

  /** A daemon that nobody waits for: when it wakes it takes no processor from who answers. */
  static Thread patient(Runnable task, String name) {
    return new DaemonThreads(name)
        .newThread(
            () -> {
              var unused = ThreadPolicy.batch();
              task.run();
            });
  }

  /** Returns when all that it was given is done. */
  static void end(ExecutorService executor) {
    executor.shutdown();
    while (!DaemonThreads.end(executor, PATIENCE)) {
      // A fetch that hangs must not free a model under a thread that uses it.
    }
  }
}
