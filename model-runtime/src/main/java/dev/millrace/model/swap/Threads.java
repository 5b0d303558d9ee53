package dev.millrace.model.swap;

import dev.millrace.model.base.DaemonThreads;
import dev.millrace.model.base.ThreadPolicy;

/** The threads that load. */
final class Threads {

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
}
