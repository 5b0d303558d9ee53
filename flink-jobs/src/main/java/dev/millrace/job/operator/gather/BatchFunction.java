package dev.millrace.job.operator.gather;

import dev.millrace.adapter.batch.BatchPolicy;
import dev.millrace.adapter.batch.OpenBatch;
import dev.millrace.job.operator.Due;
import dev.millrace.job.operator.SharedSerializer;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.TimeDomain;
import org.apache.flink.streaming.api.TimerService;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Gathers the samples of each domain. Which samples share a batch follows from the samples alone,
 * but for those that are older than the watermark; the timer only closes a batch that no sample
 * closes. The end of input fires all timers. A timer of processing time closes what is open: {@link
 * BatchOperator} fires it where the domain is silent.
 */
@SuppressWarnings("NullAway.Init") // open sets the transient fields
final class BatchFunction extends KeyedProcessFunction<String, ScoredSample, TrainingBatch> {

  /** The state that the keys with an open batch have. */
  static final String SINCE = "since";

  private final BatchPolicy policy;

  /** Without its samples, but in state of earlier code. */
  private transient ValueState<OpenBatch> gathering;

  /** What teaches in it. */
  private transient ListState<ScoredSample> samples;

  /** What judges in it, at most twice as many as the policy says, and one. */
  private transient ListState<ScoredSample> heldOut;

  /** Event time from which the open batch's span counts; null if none is open. */
  private transient ValueState<Long> since;

  private transient BatchFigures figures;

  BatchFunction(BatchPolicy policy) {
    this.policy = policy;
  }

  @Override
  public void open(OpenContext context) {
    figures = new BatchFigures(getRuntimeContext().getMetricGroup());
    gathering =
        getRuntimeContext()
            .getState(
                new ValueStateDescriptor<>("gathering", SharedSerializer.of(OpenBatch.class)));
    samples = list("samples");
    heldOut = list("held-out");
    since = getRuntimeContext().getState(new ValueStateDescriptor<>(SINCE, Types.LONG));
  }

  private ListState<ScoredSample> list(String name) {
    return getRuntimeContext()
        .getListState(new ListStateDescriptor<>(name, SharedSerializer.of(ScoredSample.class)));
  }

  /** Shows what gathers under the current key, as state has it. */
  void show() throws Exception {
    figures.gathering(gathering.value());
  }

  @Override
  public void processElement(ScoredSample sample, Context context, Collector<TrainingBatch> out)
      throws Exception {
    TimerService timers = context.timerService();
    take(current(sample).add(sample, policy, timers.currentWatermark()), timers, out);
  }

  @Override
  public void onTimer(long timestamp, OnTimerContext context, Collector<TrainingBatch> out)
      throws Exception {
    OpenBatch batch = gathering.value(); // a batch before it may have left the timer
    boolean silent = context.timeDomain() == TimeDomain.PROCESSING_TIME;
    if (!batch.isEmpty() && (silent || due(batch) <= timestamp)) {
      take(batch.close(), context.timerService(), out);
    }
  }

  private OpenBatch current(ScoredSample sample) throws Exception {
    OpenBatch batch = gathering.value();
    return batch != null
        ? batch
        : OpenBatch.first(
            sample.sample().tenant(), Objects.requireNonNull(sample.sample().domain()));
  }

  private void take(OpenBatch.Step step, TimerService timers, Collector<TrainingBatch> out)
      throws Exception {
    if (step.closed() != null) {
      TrainingBatch closed = whole(step.closed());
      figures.closed(closed, timers.currentProcessingTime());
      out.collect(closed);
      since.clear();
    }
    keep(step.open());
    figures.gathering(step.open());
    if (!step.open().isEmpty() && since.value() == null) {
      since.update(step.open().firstMillis());
      timers.registerEventTimeTimer(due(step.open()));
    }
  }

  /** A batch with what was kept of it, which is kept no more. */
  private TrainingBatch whole(TrainingBatch closed) throws Exception {
    List<ScoredSample> teaching = with(samples, closed.samples());
    List<ScoredSample> judging = latest(with(heldOut, closed.heldOut()));
    samples.clear();
    heldOut.clear();
    return new TrainingBatch(closed.tenant(), closed.domain(), closed.number(), teaching, judging);
  }

  private void keep(OpenBatch open) throws Exception {
    samples.addAll(open.samples());
    heldOut.addAll(open.heldOut());
    int judging = open.heldOutElsewhere() + open.heldOut().size();
    if (judging / 2 > policy.heldOut()) {
      List<ScoredSample> latest = latest(with(heldOut, List.of()));
      heldOut.update(latest);
      judging = latest.size();
    }
    gathering.update(open.keptElsewhere(judging));
  }

  private List<ScoredSample> latest(List<ScoredSample> judging) {
    int first = Math.max(0, judging.size() - policy.heldOut());
    return List.copyOf(judging.subList(first, judging.size()));
  }

  private static List<ScoredSample> with(ListState<ScoredSample> kept, List<ScoredSample> more)
      throws Exception {
    List<ScoredSample> all = new ArrayList<>();
    kept.get().forEach(all::add);
    all.addAll(more);
    return List.copyOf(all);
  }

  /** When the timer closes what is open under the current key, by the span of now. */
  long due() throws Exception {
    return due(gathering.value());
  }

  private long due(OpenBatch batch) throws Exception {
    long from = Objects.requireNonNullElse(since.value(), batch.firstMillis());
    return Due.after(from, policy.spanMillis());
  }
}
