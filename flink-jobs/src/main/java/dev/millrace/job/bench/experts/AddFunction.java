package dev.millrace.job.bench.experts;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.util.Collector;
import org.jspecify.annotations.Nullable;

/**
 * Adds up the parts of a group, or the groups. It has no state: in front of an aligned barrier
 * stands all of a batch or nothing of it.
 */
@SuppressWarnings("NullAway.Init") // open sets the transient field
final class AddFunction extends RichFlatMapFunction<Sums, Sums> implements CheckpointedFunction {

  private final boolean groups;
  private final int terms;
  private final int keysOfToken;
  private transient Adder adder;

  private AddFunction(boolean groups, int terms, int keysOfToken) {
    this.groups = groups;
    this.terms = terms;
    this.keysOfToken = keysOfToken;
  }

  /** Makes one of a group's parts. */
  static AddFunction parts(int parts) {
    return new AddFunction(false, parts, 1);
  }

  /** Makes one of all groups, and one row of all copies of a token. */
  static AddFunction groups(int groups, int keysOfToken) {
    return new AddFunction(true, groups, keysOfToken);
  }

  @Override
  public void open(OpenContext context) {
    adder = new Adder(terms, keysOfToken);
  }

  @Override
  public void flatMap(Sums sums, Collector<Sums> out) {
    @Nullable Sums whole = adder.take(groups ? sums.group() : sums.part(), sums);
    if (whole != null) {
      out.collect(whole);
    }
  }

  @Override
  public void snapshotState(FunctionSnapshotContext context) {
    if (adder.waiting() > 0) {
      throw new IllegalStateException(
          "a barrier cuts %d batches in two, expected aligned checkpoints"
              .formatted(adder.waiting()));
    }
  }

  @Override
  public void initializeState(FunctionInitializationContext context) {}
}
