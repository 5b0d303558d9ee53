package dev.millrace.model.cache;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The thread that talks to a remote tier; started when it is needed, with a bounded line. */
final class RemoteThread {

  private static final int WAITING = 4096;

  private RemoteThread() {}

  static ExecutorService start() {
    return new ThreadPoolExecutor(
        1,
        1,
        0,
        TimeUnit.SECONDS,
        new LinkedBlockingQueue<>(WAITING),
        task -> {
          Thread thread = new Thread(task, "millrace-cache");
          thread.setDaemon(true);
          return thread;
        });
  }
}
