package dev.millrace.job.bench.experts;

import dev.millrace.model.base.ExpertLayer;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;

/** A part of each group; the subtask is the group. */
@SuppressWarnings("NullAway.Init") // open sets the transient fields
final class ExpertsFunction extends RichMapFunction<Copies, Sums> {

  private final SplitPlan plan;
  private final int part;
  private transient ExpertLayer experts;
  private transient ExpertPart here;

  ExpertsFunction(SplitPlan plan, int part) {
    this.plan = plan;
    this.part = part;
  }

  @Override
  public void open(OpenContext context) throws Exception {
    int group = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
    experts = plan.openPart(group, part);
    here = new ExpertPart(experts, plan.placement(), group, part);
  }

  @Override
  public Sums map(Copies copies) {
    return here.sums(copies);
  }

  @Override
  public void close() {
    if (experts != null) {
      experts.close();
    }
  }
}
