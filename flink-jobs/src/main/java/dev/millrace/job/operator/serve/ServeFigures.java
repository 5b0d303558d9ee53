package dev.millrace.job.operator.serve;

import dev.millrace.job.operator.Figures;
import dev.millrace.model.swap.SwapResult;
import dev.millrace.schema.Answer;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.wire.Requests;
import org.apache.flink.events.EventBuilder;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.MetricGroup;

/** Counts answers and swaps, and measures how long they take. */
final class ServeFigures {

  private static final String BASE = "base";
  private static final String SWITCHED = "ReleaseSwitched";
  private static final String NOT_SWITCHED = "ReleaseNotSwitched";
  private static final int ID = 12;
  private static final double MILLI = 1e6;

  private final Figures figures;
  private final Counter failed;
  private final Counter mistaken;
  private final Counter overloaded;
  private final Counter cancelled;
  private final Counter swaps;
  private final Counter failedSwaps;
  private final Histogram answerMillis;
  private final Histogram swapMillis;

  ServeFigures(MetricGroup operator, Serving serving) {
    figures = new Figures(operator);
    MetricGroup group = figures.group();
    failed = group.counter(MetricNames.FAILED);
    mistaken = group.counter(MetricNames.MISTAKEN);
    overloaded = group.counter(MetricNames.OVERLOADED);
    cancelled = group.counter(MetricNames.CANCELLED);
    swaps = group.counter(MetricNames.SWAPS);
    failedSwaps = group.counter(MetricNames.FAILED_SWAPS);
    answerMillis = figures.histogram(MetricNames.ANSWER_MILLIS);
    swapMillis = figures.histogram(MetricNames.SWAP_MILLIS);
    group.gauge(MetricNames.DRAFTED, () -> serving.responder().drafts().drafted());
    group.gauge(MetricNames.ACCEPTED_DRAFTS, () -> serving.responder().drafts().accepted());
    figures.showNativeMemory();
    CacheMetrics.register(group.addGroup(MetricNames.CACHE), serving.cache());
    CacheMetrics.register(group.addGroup(MetricNames.SEMANTIC), serving.cache().semantic());
    CacheMetrics.register(group.addGroup(MetricNames.ADAPTERS), serving.releases());
  }

  /** Shows how many requests wait and run. */
  void show(Scheduler scheduler) {
    figures.group().gauge(MetricNames.WAITING, scheduler::size);
    figures.group().gauge(MetricNames.RUNNING, scheduler::atTheModel);
  }

  void answered(Answer answer) {
    String release = answer.release();
    figures.count(
        MetricNames.ANSWERS,
        String.valueOf(answer.domain()),
        MetricNames.RELEASE,
        release == null ? BASE : release.substring(0, Math.min(ID, release.length())));
    String error = answer.error();
    if (error != null) {
      failed.inc();
      mistaken.inc(Requests.isMistake(error) ? 1 : 0);
    }
  }

  /** A request that arrived then has its answer. */
  void took(long arrivedNanos) {
    answerMillis.update(Math.round((System.nanoTime() - arrivedNanos) / MILLI));
  }

  void overloaded() {
    overloaded.inc();
  }

  void cancelled() {
    cancelled.inc();
  }

  void swapped(SwapResult result) {
    swaps.inc();
    swapMillis.update(Math.round(result.millis()));
  }

  void failedSwap() {
    failedSwaps.inc();
  }

  /** All subtasks switched to a release, or none did: an event of Flink's. */
  void together(SwapResult result) {
    ReleaseEvent event = result.event();
    boolean switched = result.outcome() == SwapResult.Outcome.SWAPPED;
    figures
        .group()
        .addEvent(
            new EventBuilder(ServeOperator.class, switched ? SWITCHED : NOT_SWITCHED)
                .setSeverity(switched ? "INFO" : "WARN")
                .setBody(switched ? "all subtasks switched" : result.reason())
                .setAttribute("tenant", String.valueOf(event.tenant()))
                .setAttribute("domain", event.domain())
                .setAttribute("release", event.release())
                .setAttribute("switched", switched));
  }
}
