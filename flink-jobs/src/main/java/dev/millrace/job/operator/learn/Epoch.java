package dev.millrace.job.operator.learn;

import dev.millrace.schema.ReleaseEvent;
import java.util.List;
import java.util.Set;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.api.common.typeinfo.Types;
import org.jspecify.annotations.Nullable;

/** What tells the events of a trainer from those of one before it: later ones have more. */
final class Epoch {

  private static final long NOTHING_READ = -1;
  private static final String SUBMITTED = "submitted";
  private static final String EPOCH = "epoch";

  /** Of its states. */
  static final Set<String> NAMES = Set.of(SUBMITTED, EPOCH);

  private final long value;

  private Epoch(long value) {
    this.value = value;
  }

  /**
   * When the job was submitted, or one more than that of the job whose state it goes on from, if
   * that is later: by a clock that stepped back in between it would read that one's events as a
   * later trainer's, and its own would be passed over. What Flink restores keeps its own.
   *
   * @param submitted epoch milliseconds
   */
  static Epoch of(OperatorStateStore state, long submitted) throws Exception {
    ListState<Long> jobs = longs(state, SUBMITTED);
    ListState<Long> kept = longs(state, EPOCH);
    boolean restored = false;
    for (long job : jobs.get()) {
      restored |= job == submitted;
    }
    long latest = submitted;
    for (long before : kept.get()) {
      latest = Math.max(latest, restored ? before : before + 1);
    }
    jobs.update(List.of(submitted));
    kept.update(List.of(latest));
    return new Epoch(latest);
  }

  private static ListState<Long> longs(OperatorStateStore state, String name) throws Exception {
    return state.getUnionListState(new ListStateDescriptor<>(name, Types.LONG));
  }

  /**
   * Whether people ordered this; else it is of this trainer, or of one that it has fenced off.
   *
   * @throws FencedException if it is of a later one
   */
  boolean isOrder(ReleaseEvent event) {
    if (event.epoch() > value) {
      throw new FencedException(event, value);
    }
    return event.epoch() == 0;
  }

  /**
   * The event as this trainer's.
   *
   * @param read the offset up to which it has read and obeyed what people order; null if nothing
   */
  ReleaseEvent sign(ReleaseEvent event, @Nullable Long read) {
    return event.withEpoch(value).withRead(read == null ? NOTHING_READ : read);
  }
}
