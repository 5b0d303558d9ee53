package dev.millrace.job.operator;

import dev.millrace.adapter.exchange.Combiner;
import dev.millrace.adapter.exchange.ExchangeConfig;
import dev.millrace.adapter.exchange.KeptMemory;
import dev.millrace.adapter.exchange.Report;
import dev.millrace.adapter.exchange.Update;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/** Makes one report of what the trainers of a process learned. */
@SuppressWarnings("NullAway.Init") // initializeState sets the transient fields
public final class CombineFunction extends ProcessFunction<Update, Report>
    implements CheckpointedFunction {

  private final ExchangeConfig config;
  private transient Combiner combiner;
  private transient ListState<KeptMemory> state;

  public CombineFunction(ExchangeConfig config) {
    this.config = config;
  }

  @Override
  public void initializeState(FunctionInitializationContext context) throws Exception {
    combiner = new Combiner(config.codec(), config.trainers());
    state =
        context
            .getOperatorStateStore()
            .getUnionListState(
                new ListStateDescriptor<>("memories", TypeInformation.of(KeptMemory.class)));
    var task = getRuntimeContext().getTaskInfo();
    for (KeptMemory one : state.get()) {
      if (one.process() % task.getNumberOfParallelSubtasks() == task.getIndexOfThisSubtask()) {
        combiner.restore(one);
      }
    }
  }

  @Override
  public void snapshotState(FunctionSnapshotContext context) throws Exception {
    state.update(combiner.state());
  }

  @Override
  public void processElement(Update update, Context context, Collector<Report> out) {
    Report report = combiner.take(update);
    if (report != null) {
      out.collect(report);
    }
  }
}
