package dev.millrace.job.operator;

import dev.millrace.job.operator.ActivationMessage.Decision;
import dev.millrace.model.swap.LiveReleases;
import dev.millrace.model.swap.SwapResult;
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

    void apply(ReleaseEvent event, ThrowingConsumer<SwapResult, Exception> then) {
      worker.whenDone(
          "loading release " + event.release(), releases.apply(event, now.getAsLong()), then);
    }
  }

  /** Each as soon as it is loaded, whatever other subtasks do. */
  static Activation independent(Means means) {
    return new Activation() {
      @Override
      public void read(ReleaseEvent event) {
        means.apply(event, means.done());
      }

      @Override
      public void decided(Decision decision) {
        throw new IllegalStateException(decision + ", expected none: this subtask never votes");
      }
    };
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
