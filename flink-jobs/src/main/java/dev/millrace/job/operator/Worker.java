package dev.millrace.job.operator;

import dev.millrace.model.base.DaemonThreads;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.util.FlinkException;
import org.apache.flink.util.function.ThrowingConsumer;
import org.apache.flink.util.function.ThrowingRunnable;

/**
 * One thread beside a task: does work in the order it was given and hands each result to the task's
 * own thread. Work that fails, fails the task.
 */
public final class Worker implements AutoCloseable {
  private final MailboxExecutor mailbox;
  private final ExecutorService thread;
  private volatile boolean closing;

  public Worker(String name, ClassLoader userCode, MailboxExecutor mailbox) {
    this(name, userCode, mailbox, () -> {});
  }

  /**
   * @param first is run by the thread before all work
   */
  public Worker(String name, ClassLoader userCode, MailboxExecutor mailbox, Runnable first) {
    this.mailbox = mailbox;
    this.thread =
        Executors.newSingleThreadExecutor(
            runnable -> {
              Thread t =
                  new Thread(
                      () -> {
                        begin(name, first);
                        runnable.run();
                      },
                      name);
              t.setContextClassLoader(userCode);
              t.setDaemon(true);
              return t;
            });
  }

  /** A thread that ended here would leave all work undone, and nobody would know. */
  private void begin(String name, Runnable first) {
    try {
      first.run();
    } catch (Throwable failure) {
      post(name, failed("beginning to " + name, failure));
    }
  }

  /** Runs {@code work} on the worker's thread; its result is for whoever asks the future. */
  public <T> Future<T> call(Callable<T> work) {
    return thread.submit(work);
  }

  /** Runs {@code work} on the worker's thread, then {@code done} on the task's. */
  public <T> void submit(String what, Callable<T> work, ThrowingConsumer<T, Exception> done) {
    submit(
        what,
        work,
        done,
        failure -> {
          throw new FlinkException(what + " failed", failure);
        });
  }

  /** The same of work for which the store may fail: then {@code inVain} is run on the task's. */
  public <T> void submit(
      String what,
      Callable<T> work,
      ThrowingConsumer<T, Exception> done,
      ThrowingConsumer<UncheckedIOException, Exception> inVain) {
    thread.execute(() -> post(what, attempt(what, work, done, inVain)));
  }

  /** Does the same again and again on the worker's thread; what comes of it is posted if any. */
  public <T> void repeat(
      String what, Callable<List<T>> work, ThrowingConsumer<List<T>, Exception> done) {
    thread.execute(
        () -> {
          boolean goesOn = true;
          while (goesOn && !closing) {
            goesOn = once(what, work, done);
          }
        });
  }

  private <T> boolean once(
      String what, Callable<List<T>> work, ThrowingConsumer<List<T>, Exception> done) {
    try {
      List<T> results = work.call();
      if (!results.isEmpty()) {
        post(what, () -> done.accept(results));
      }
      return true;
    } catch (Throwable failure) {
      post(what, failed(what, failure));
      return false;
    }
  }

  private static <T> ThrowingRunnable<Exception> attempt(
      String what,
      Callable<T> work,
      ThrowingConsumer<T, Exception> done,
      ThrowingConsumer<UncheckedIOException, Exception> inVain) {
    try {
      T result = work.call();
      return () -> done.accept(result);
    } catch (UncheckedIOException failure) {
      return () -> inVain.accept(failure);
    } catch (Throwable failure) {
      return failed(what, failure);
    }
  }

  /** Runs {@code done} on the task's thread when work that runs elsewhere is done. */
  public <T> void whenDone(
      String what, CompletionStage<T> stage, ThrowingConsumer<T, Exception> done) {
    stage.whenComplete(
        (result, failure) ->
            post(what, failure == null ? () -> done.accept(result) : failed(what, failure)));
  }

  /** Fails the task if work that runs elsewhere fails. */
  public void watch(String what, CompletionStage<?> stage) {
    stage.whenComplete(
        (result, failure) -> {
          if (failure != null) {
            post(what, failed(what, failure));
          }
        });
  }

  private static ThrowingRunnable<Exception> failed(String what, Throwable failure) {
    return () -> {
      throw new FlinkException(what + " failed", failure);
    };
  }

  /** True once the task is ending: what is still being worked on will not be used. */
  public boolean isClosing() {
    return closing;
  }

  private void post(String what, ThrowingRunnable<Exception> mail) {
    if (closing) {
      return; // the task's state still holds the work
    }
    try {
      mailbox.execute(mail, what);
    } catch (RejectedExecutionException taskIsGone) {
      closing = true;
    }
  }

  /** Returns when the thread has ended: what it uses may be freed afterwards. */
  @Override
  public void close() {
    closing = true;
    thread.shutdownNow();
    DaemonThreads.end(thread);
  }
}
