package dev.millrace.model.swap;

import dev.millrace.model.base.DaemonThreads;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/** A few threads for tasks of many tenants: those of whom some wait take turns, a task each. */
public final class FairThreads implements AutoCloseable {

  private final ExecutorService threads;

  /** What waits, the next tenant's first. */
  private final Map<Optional<String>, Deque<Runnable>> waiting = new LinkedHashMap<>();

  public FairThreads(int most, ThreadFactory factory) {
    this.threads = Executors.newFixedThreadPool(most, factory);
  }

  /** Runs what a tenant asks for; null is a tenant of its own. */
  public Executor of(@Nullable String tenant) {
    return task -> add(Optional.ofNullable(tenant), task);
  }

  private synchronized void add(Optional<String> tenant, Runnable task) {
    threads.execute(() -> next().run()); // first: it refuses once this is closed
    waiting.computeIfAbsent(tenant, absent -> new ArrayDeque<>()).add(task);
  }

  private synchronized Runnable next() {
    Map.Entry<Optional<String>, Deque<Runnable>> turn = waiting.entrySet().iterator().next();
    Optional<String> tenant = turn.getKey();
    Deque<Runnable> tasks = turn.getValue();
    waiting.remove(tenant);
    Runnable next = tasks.remove();
    if (!tasks.isEmpty()) {
      waiting.put(tenant, tasks); // behind the others
    }
    return next;
  }

  /** Returns when all that was begun is done. */
  @Override
  public void close() {
    DaemonThreads.end(threads);
  }
}
