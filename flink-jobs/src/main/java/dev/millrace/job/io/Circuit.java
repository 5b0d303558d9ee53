package dev.millrace.job.io;

import dev.millrace.model.base.DaemonThreads;
import dev.millrace.schema.wire.ErrorLine;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Leaves a service alone from its first failure on, until it answers a probe: one thread beside the
 * callers asks again and again, so that none of them ever waits for a service that is down. Safe
 * for use by several threads.
 */
final class Circuit implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Circuit.class);

  private final String service;
  private final long backoffMillis;
  private final Runnable probe;
  private final AtomicBoolean open = new AtomicBoolean();
  private final LongAdder failures = new LongAdder();
  private final ScheduledExecutorService prober;

  /**
   * @param probe throws unless the service is there
   * @param backoffMillis from one probe to the next, more than 0
   */
  Circuit(String service, long backoffMillis, Runnable probe) {
    this.service = service;
    this.backoffMillis = backoffMillis;
    this.probe = probe;
    this.prober = Executors.newSingleThreadScheduledExecutor(new DaemonThreads("millrace-probe"));
  }

  /** What the call gives; null if it fails, or is not made because the last one did. */
  <T> @Nullable T call(Supplier<@Nullable T> call) {
    if (open.get()) {
      return null;
    }
    try {
      return call.get();
    } catch (RuntimeException e) {
      failed(e);
      return null;
    }
  }

  /** Opens the circuit. */
  void failed(RuntimeException failure) {
    failures.increment();
    if (open.compareAndSet(false, true)) {
      LOG.warn("{} is down, going on without it: {}", service, why(failure));
      probeLater();
    }
  }

  /** What it says, and each cause that says more. */
  private static String why(Throwable failure) {
    StringBuilder why = new StringBuilder(ErrorLine.of(failure));
    for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
      String more = ErrorLine.of(cause);
      why.append(why.indexOf(more) < 0 ? ": " + more : "");
      why.append(isUnansweredHandshake(cause) ? ": the server may not speak TLS" : "");
    }
    return why.toString();
  }

  /** One that speaks none, as Redis, takes it for the beginning of a command and waits for more. */
  private static boolean isUnansweredHandshake(Throwable cause) {
    return cause instanceof SocketTimeoutException
        && Arrays.stream(cause.getStackTrace())
            .anyMatch(call -> call.getMethodName().equals("startHandshake"));
  }

  /** Asks the service whether it is there, beside the caller. */
  void check() {
    prober.execute(
        () -> {
          try {
            probe.run();
          } catch (RuntimeException e) {
            failed(e);
          }
        });
  }

  private void probeLater() {
    try {
      var unused = prober.schedule(this::probe, backoffMillis, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      // It was closed meanwhile.
    }
  }

  private void probe() {
    try {
      probe.run();
      open.set(false);
      LOG.warn("{} is back", service);
    } catch (RuntimeException | Error e) { // else nobody would ask again
      probeLater();
    }
  }

  boolean isOpen() {
    return open.get();
  }

  /** How many calls failed so far. */
  long failures() {
    return failures.sum();
  }

  @Override
  public void close() {
    prober.shutdownNow();
  }
}
