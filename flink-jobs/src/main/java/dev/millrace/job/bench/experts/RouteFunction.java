package dev.millrace.job.bench.experts;

import dev.millrace.model.base.ExpertLayer;
import org.apache.flink.api.common.accumulators.LongCounter;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.util.Collector;

/** Where a batch begins: each group gets the rows that it needs. */
@SuppressWarnings("NullAway.Init") // open sets the transient fields
final class RouteFunction extends RichFlatMapFunction<HiddenBatch, Copies> {

  private final SplitPlan plan;
  private transient ExpertLayer router;
  private transient Dealer dealer;
  private transient LongCounter crossing;

  RouteFunction(SplitPlan plan) {
    this.plan = plan;
  }

  @Override
  public void open(OpenContext context) throws Exception {
    router = plan.openRouter();
    crossing = getRuntimeContext().getLongCounter(ExpertsJob.COPIES);
    dealer = new Dealer(router, plan);
  }

  @Override
  public void flatMap(HiddenBatch batch, Collector<Copies> out) {
    int origin = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
    for (Copies copies : dealer.deal(batch, origin)) {
      if (copies.group() != origin) {
        crossing.add(copies.keys().length);
      }
      out.collect(copies);
    }
  }

  @Override
  public void close() {
    if (router != null) {
      router.close();
    }
  }
}
