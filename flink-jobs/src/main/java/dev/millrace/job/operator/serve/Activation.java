package dev.millrace.job.operator.serve;

import dev.millrace.job.operator.Worker;
import dev.millrace.job.operator.serve.ActivationMessage.Decision;
import dev.millrace.model.swap.LiveReleases;
import dev.millrace.model.swap.Staged;
import dev.millrace.model.swap.SwapResult;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.schema.ReleaseEvent;
import java.util.Locale;
import java.util.function.LongSupplier;
import org.apache.flink.util.function.ThrowingConsumer;

/** How release events take effect in a subtask. All calls are the task thread's. */
interface Activation {

  /** An event was read, in the order of the topic. */
  void read(ReleaseEvent event) throws Exception;

  /** The coordinator has said whether all subtasks switch. */
  void decided(Decision decision) throws Exception;

  /**
   * What events take effect through.
   *
   * @param now epoch milliseconds
   * @param done is told what became of each event
   */
  record Means(
      LiveReleases releases,
      Worker worker,
      LongSupplier now,
      ThrowingConsumer<SwapResult, Exception> done) {

    /**
     * Loads what an event names, then lets it answer, within one turn of the task's thread: what a
     * checkpoint has answered by, its state knows.
     *
     * @param then is told what became of it, and writes it to state at once
     */
    void apply(ReleaseEvent event, ThrowingConsumer<SwapResult, Exception> then) {
      worker.whenDone(
          "loading release " + event.release(),
          releases.stage(event, now.getAsLong()),
          staged -> {
            SwapResult problem = staged.problem();
            then.accept(problem == null ? switched(staged) : problem);
          });
    }

    /** Switches on another thread; whoever calls this writes to state that it was, at once. */
    SwapResult switched(Staged staged) {
      worker.watch("switching to release " + staged.event().release(), staged.activate());
      return new SwapResult(staged.event(), Outcome.SWAPPED, staged.missing(), staged.millis());
    }
  }

  /** Names an event; sorts in the order of reading. */
  static String place(ReleaseEvent event) {
    return String.format(
        Locale.ROOT,
        "%s-%05d-%019d",
        event.origin().topic(),
        event.origin().partition(),
        event.origin().offset());
  }
}
