package dev.millrace.job.operator.learn;

import dev.millrace.job.operator.Courtesy;
import dev.millrace.job.operator.DomainKey;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.TrainingBatch;
import dev.millrace.schema.Verdict;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.streaming.api.operators.BoundedMultiInput;
import org.apache.flink.streaming.api.operators.TwoInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;

/** The learn operator with both of its inputs keyed by domain. */
final class LearnHarness extends AbstractStreamOperatorTestHarness<Verdict> {

  static final long EPOCH = 1_000;

  /** As long as the tests may take: it pauses while answers are computed in this process. */
  private static final Courtesy COURTESY = new Courtesy(60_000, 0);

  LearnHarness(
      LearnerOpener learners, int maxPending, int maxParallelism, int parallelism, int subtask)
      throws Exception {
    this(learners, maxPending, maxParallelism, parallelism, subtask, EPOCH);
  }

  LearnHarness(
      LearnerOpener learners,
      int maxPending,
      int maxParallelism,
      int parallelism,
      int subtask,
      long submitted)
      throws Exception {
    super(
        new LearnOperatorFactory(learners, maxPending, submitted, COURTESY, 60_000),
        maxParallelism,
        parallelism,
        subtask);
    KeySelector<TrainingBatch, String> ofBatch = DomainKey::of;
    KeySelector<ReleaseEvent, String> ofEvent = DomainKey::of;
    config.setStatePartitioner(0, ofBatch);
    config.setStatePartitioner(1, ofEvent);
    config.setStateKeySerializer(
        Types.STRING.createSerializer(getExecutionConfig().getSerializerConfig()));
    config.serializeAllConfigs();
    setup();
  }

  void processElement(TrainingBatch batch, long timestamp) throws Exception {
    StreamRecord<TrainingBatch> record = new StreamRecord<>(batch, timestamp);
    learn().setKeyContextElement1(record);
    learn().processElement1(record);
  }

  void order(ReleaseEvent event) throws Exception {
    StreamRecord<ReleaseEvent> record = new StreamRecord<>(event);
    learn().setKeyContextElement2(record);
    learn().processElement2(record);
  }

  void endInput() throws Exception {
    ((BoundedMultiInput) getOperator()).endInput(1);
  }

  @SuppressWarnings("unchecked")
  private TwoInputStreamOperator<TrainingBatch, ReleaseEvent, Verdict> learn() {
    return (TwoInputStreamOperator<TrainingBatch, ReleaseEvent, Verdict>)
        (TwoInputStreamOperator<?, ?, ?>) getOperator();
  }
}
