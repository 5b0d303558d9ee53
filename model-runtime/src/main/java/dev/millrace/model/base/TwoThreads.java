package dev.millrace.model.base;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/** Two threads that compute for one who waits. */
public final class TwoThreads implements AutoCloseable {

  private final String what;
  private final ExecutorService threads = Executors.newFixedThreadPool(2);

  /**
   * @param what they compute, for errors
   */
  public TwoThreads(String what) {
    this.what = what;
  }

  /**
   * What each task gives, in their order. Returns once none runs any more, even if one fails or the
   * caller is interrupted: what they use may be freed next.
   *
   * @throws IllegalStateException if one fails or the caller is interrupted
   */
  public <T> List<T> run(List<Supplier<T>> tasks) {
    List<CompletableFuture<T>> running =
        tasks.stream().map(task -> CompletableFuture.supplyAsync(task, threads)).toList();
    var unused =
        CompletableFuture.allOf(running.toArray(CompletableFuture<?>[]::new))
            .handle((done, failure) -> true)
            .join();
    if (Thread.currentThread().isInterrupted()) {
      throw new IllegalStateException("interrupted in " + what);
    }
    try {
      return running.stream().map(CompletableFuture::join).toList();
    } catch (CompletionException e) {
      throw new IllegalStateException(what + " failed", e.getCause());
    }
  }

  @Override
  public void close() {
    threads.shutdown();
  }
}
