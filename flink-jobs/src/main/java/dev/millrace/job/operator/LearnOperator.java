package dev.millrace.job.operator;

import dev.millrace.adapter.Learner;
import dev.millrace.adapter.LearnerState;
import dev.millrace.adapter.Outcome;
import dev.millrace.schema.TrainingBatch;
import dev.millrace.schema.Verdict;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.stream.Stream;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.metrics.Counter;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.jspecify.annotations.Nullable;

/**
 * Learns the batches of each domain in their order. A batch waits in keyed state until what it
 * taught is in keyed state too, so a restore learns again exactly what no checkpoint has seen.
 */
@SuppressWarnings("NullAway.Init") // initializeState and open set the transient fields
final class LearnOperator extends AbstractStreamOperator<Verdict>
    implements OneInputStreamOperator<TrainingBatch, Verdict>, BoundedOneInput {

  private static final String PENDING = "pending";

  private final Opener<Learner> learners;
  private final int maxPending;
  private final MailboxExecutor mailbox;
  private final Worker worker;

  private transient ListState<TrainingBatch> pending;
  private transient ValueState<byte[]> state;
  private transient @Nullable Opened<Learner> opened;
  private transient Learner learner;

  /** The keys of all pending batches in the order of learning; the worker is at the head. */
  private transient Queue<String> order;

  private transient Counter batches;
  private transient Counter releases;

  LearnOperator(
      StreamOperatorParameters<Verdict> parameters, Opener<Learner> learners, int maxPending) {
    super(parameters);
    this.learners = learners;
    this.maxPending = maxPending;
    this.mailbox = parameters.getMailboxExecutor();
    this.worker = new Worker("learn", getUserCodeClassloader(), mailbox);
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    pending =
        context
            .getKeyedStateStore()
            .getListState(
                new ListStateDescriptor<>(PENDING, TypeInformation.of(TrainingBatch.class)));
    state =
        context
            .getKeyedStateStore()
            .getState(
                new ValueStateDescriptor<>(
                    "learner", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
  }

  @Override
  public void open() throws Exception {
    super.open();
    opened = learners.open(getRuntimeContext().getTaskInfo().getIndexOfThisSubtask());
    learner = opened.value();
    order = new ArrayDeque<>();
    registerMetrics();
    for (String key : keysWithPending()) {
      setCurrentKey(key);
      pending.get().forEach(batch -> order.add(key));
    }
    learnHead();
  }

  private void registerMetrics() {
    batches = getMetricGroup().counter(MetricNames.BATCHES);
    releases = getMetricGroup().counter(MetricNames.RELEASES);
    getMetricGroup().gauge(MetricNames.PENDING, () -> order.size());
  }

  private List<String> keysWithPending() {
    KeyedStateBackend<String> state = getKeyedStateBackend();
    try (Stream<String> keys = state.getKeys(PENDING, VoidNamespace.INSTANCE)) {
      return keys.sorted().toList();
    }
  }

  @Override
  public void processElement(StreamRecord<TrainingBatch> element) throws Exception {
    pending.add(element.getValue());
    order.add((String) getCurrentKey());
    if (order.size() == 1) {
      learnHead();
    }
    while (order.size() > maxPending) {
      mailbox.yield();
    }
  }

  private void learnHead() throws Exception {
    String key = order.peek();
    if (key == null) {
      return;
    }
    setCurrentKey(key);
    TrainingBatch batch = pending.get().iterator().next();
    byte[] before = state.value();
    worker.submit(
        "learning batch " + batch.number() + " of " + batch.domain(),
        () -> learn(before, batch),
        learned -> take(batch, learned));
  }

  /** Runs on the worker's thread. */
  private Learned learn(byte @Nullable [] before, TrainingBatch batch) {
    LearnerState state =
        before == null
            ? learner.initial(batch.tenant(), batch.domain())
            : LearnerState.fromBytes(before);
    Outcome outcome = learner.learn(state, batch, () -> !worker.isClosing());
    return new Learned(outcome, outcome.state().toBytes());
  }

  private record Learned(Outcome outcome, byte[] state) {}

  private void take(TrainingBatch batch, Learned result) throws Exception {
    setCurrentKey(order.remove());
    state.update(result.state());
    pending.update(withoutHead(batch));
    batches.inc();
    Outcome outcome = result.outcome();
    output.collect(new StreamRecord<>(outcome.verdict()));
    if (outcome.release() != null) {
      releases.inc();
      output.collect(Outputs.RELEASES, new StreamRecord<>(outcome.release()));
    }
    learnHead();
  }

  private List<TrainingBatch> withoutHead(TrainingBatch learned) throws Exception {
    List<TrainingBatch> batches = new ArrayList<>();
    pending.get().forEach(batches::add);
    TrainingBatch head = batches.remove(0);
    if (head.number() != learned.number()) {
      throw new IllegalStateException(
          "learned batch " + learned.number() + ", but next in line is " + head.number());
    }
    return batches;
  }

  @Override
  public void endInput() throws Exception {
    while (!order.isEmpty()) {
      mailbox.yield();
    }
  }

  @Override
  public void close() throws Exception {
    worker.close();
    super.close();
    if (opened != null) {
      opened.resources().close();
    }
  }
}
