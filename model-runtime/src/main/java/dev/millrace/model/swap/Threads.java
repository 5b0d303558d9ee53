package dev.millrace.model.swap;

import dev.millrace.model.base.ThreadPolicy;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;

/** Beginning and end of the threads that load. */
final class Threads {

  private Threads() {}

  static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  /** The same, of what nobody waits for: when it wakes it takes no processor from who answers. */
  static Thread patient(Runnable task, String name) {
    return daemon(
        () -> {
          var unused = ThreadPolicy.batch();
          task.run();
        },
        name);
  }

  /** Returns when all that was begun is done. */
  static void end(ExecutorService executor) {
    executor.shutdown();
    try {
      while (!executor.awaitTermination(1, TimeUnit.MINUTES)) {
        // A fetch that hangs must not free a model under a thread that uses it.
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
