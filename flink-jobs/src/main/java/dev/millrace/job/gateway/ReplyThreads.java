package dev.millrace.job.gateway;

import dev.millrace.model.base.DaemonThreads;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Threads that write replies, some for each account: a client that does not read its reply holds
 * one, and neither what brought the answer nor another account waits for it.
 */
final class ReplyThreads implements AutoCloseable {

  private static final int EACH = 16;
  private static final long IDLE_SECONDS = 60;

  private final Map<String, ThreadPoolExecutor> pools = new ConcurrentHashMap<>();

  /** The threads of one account. */
  Executor of(String account) {
    return pools.computeIfAbsent(account, name -> pool());
  }

  private static ThreadPoolExecutor pool() {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            EACH,
            EACH,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            new DaemonThreads("millrace-reply"));
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  @Override
  public void close() {
    pools.values().forEach(ExecutorService::shutdownNow);
  }
}
