package dev.millrace.job.operator;

import dev.millrace.model.score.DomainMemory;
import dev.millrace.model.score.MemoryLimits;
import dev.millrace.model.score.Scored;
import dev.millrace.model.score.Scorer;
import dev.millrace.schema.Sample;
import dev.millrace.schema.ScoredSample;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.jspecify.annotations.Nullable;

/** Scores samples, keyed by domain, against what their domain has shown. */
@SuppressWarnings("NullAway.Init") // initializeState and open set the transient fields
public final class ScoreOperator extends AbstractStreamOperator<ScoredSample>
    implements OneInputStreamOperator<Sample, ScoredSample> {

  private final Opener<Scorer> scorers;
  private final MemoryLimits limits;

  private transient ValueState<byte[]> memory;

  /** The memories changed since the last snapshot, by key. */
  private transient Map<String, DomainMemory> changed;

  private transient @Nullable Opened<Scorer> opened;
  private transient Scorer scorer;
  private transient ScoreFigures figures;

  public ScoreOperator(Opener<Scorer> scorers, MemoryLimits limits) {
    this.scorers = scorers;
    this.limits = limits;
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    changed = new HashMap<>();
    memory =
        context
            .getKeyedStateStore()
            .getState(
                new ValueStateDescriptor<>(
                    "memory", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
  }

  @Override
  public void open() throws Exception {
    super.open();
    figures = new ScoreFigures(getMetricGroup());
    opened = scorers.open(getRuntimeContext().getTaskInfo().getIndexOfThisSubtask());
    scorer = opened.value();
  }

  @Override
  public void processElement(StreamRecord<Sample> element) throws Exception {
    DomainMemory known = currentMemory();
    long drifts = known.drifts();
    Scored scored = scorer.score(element.getValue(), known);
    if (known.drifts() > drifts) {
      figures.drifted(element.getValue());
    }
    if (scored instanceof Scored.Accepted accepted) {
      figures.accepted(element.getValue());
      output.collect(element.replace(accepted.sample()));
    } else if (scored instanceof Scored.Refused refused) {
      figures.refused(element.getValue(), refused.rejection());
      output.collect(Outputs.REJECTED, element.replace(refused.rejection()));
    }
  }

  private DomainMemory currentMemory() throws Exception {
    String key = (String) getCurrentKey();
    DomainMemory known = changed.get(key);
    if (known == null) {
      byte[] bytes = memory.value();
      known = bytes == null ? DomainMemory.empty(limits) : DomainMemory.fromBytes(bytes, limits);
      changed.put(key, known);
    }
    return known;
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    for (Map.Entry<String, DomainMemory> entry : changed.entrySet()) {
      setCurrentKey(entry.getKey());
      memory.update(entry.getValue().toBytes());
    }
    changed.clear();
  }

  @Override
  public void close() throws Exception {
    super.close();
    if (opened != null) {
      opened.resources().close();
    }
  }
}
