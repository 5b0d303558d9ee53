package dev.millrace.job.operator;

import dev.millrace.job.config.ServeConfig;
import dev.millrace.model.swap.SwapResult;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.state.BroadcastState;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.metrics.Counter;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedMultiInput;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.api.operators.TwoInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.jspecify.annotations.Nullable;

/**
 * Answers requests in micro-batches beside the task's thread, in the order of arrival, and hands
 * release events to the live releases. Requests without an answer and the events behind what is
 * live are state: a restored subtask first loads what served before, then answers.
 */
@SuppressWarnings("NullAway.Init") // initializeState and open set the transient fields
final class ServeOperator extends AbstractStreamOperator<KeyedAnswer>
    implements TwoInputStreamOperator<KeyedRequest, ReleaseEvent, KeyedAnswer>, BoundedMultiInput {

  private static final int REQUESTS = 1;

  private final Opener<Serving> servings;
  private final ServeConfig limits;
  private final MailboxExecutor mailbox;
  private final Worker worker;

  private transient ListState<KeyedRequest> unanswered;
  private transient BroadcastState<String, ReleaseEvent> live;
  private transient BroadcastState<String, ReleaseEvent> loading;

  private transient @Nullable Opened<Serving> opened;
  private transient Serving serving;

  /** Requests without an answer in the order of arrival; the worker has the first {@code busy}. */
  private transient Deque<KeyedRequest> waiting;

  private transient int busy;

  private transient Counter answers;
  private transient Counter swaps;
  private transient Counter failedSwaps;

  ServeOperator(
      StreamOperatorParameters<KeyedAnswer> parameters,
      Opener<Serving> servings,
      ServeConfig limits) {
    super(parameters);
    this.servings = servings;
    this.limits = limits;
    this.mailbox = parameters.getMailboxExecutor();
    this.worker = new Worker("serve", getUserCodeClassloader(), mailbox);
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    OperatorStateStore state = context.getOperatorStateStore();
    unanswered =
        state.getListState(
            new ListStateDescriptor<>("unanswered", TypeInformation.of(KeyedRequest.class)));
    live = state.getBroadcastState(events("live"));
    loading = state.getBroadcastState(events("loading"));
  }

  private static MapStateDescriptor<String, ReleaseEvent> events(String name) {
    return new MapStateDescriptor<>(name, Types.STRING, TypeInformation.of(ReleaseEvent.class));
  }

  @Override
  public void open() throws Exception {
    super.open();
    opened = servings.open(subtask());
    serving = opened.value();
    waiting = new ArrayDeque<>();
    registerMetrics();
    reload();
    unanswered.get().forEach(waiting::add);
    answerNext();
  }

  private void registerMetrics() {
    answers = getMetricGroup().counter(MetricNames.ANSWERS);
    swaps = getMetricGroup().counter(MetricNames.SWAPS);
    failedSwaps = getMetricGroup().counter(MetricNames.FAILED_SWAPS);
    getMetricGroup().gauge(MetricNames.WAITING, () -> waiting.size());
  }

  private void reload() throws Exception {
    List<CompletableFuture<SwapResult>> reloads = new ArrayList<>();
    for (Map.Entry<String, ReleaseEvent> entry : live.immutableEntries()) {
      reloads.add(serving.releases().apply(entry.getValue(), now()));
    }
    for (CompletableFuture<SwapResult> reload : reloads) {
      requireLive(reload.get());
    }
    Map<String, ReleaseEvent> inOrder = new TreeMap<>();
    loading.immutableEntries().forEach(entry -> inOrder.put(entry.getKey(), entry.getValue()));
    inOrder.values().forEach(this::load);
  }

  /** Answering by the base, because what served before is lost, would break a promise. */
  private static void requireLive(SwapResult reload) {
    if (reload.outcome() == Outcome.FAILED) {
      throw new IllegalStateException(
          "release " + reload.event().release() + " served before: " + reload.reason());
    }
  }

  @Override
  public void processElement1(StreamRecord<KeyedRequest> element) throws Exception {
    waiting.add(element.getValue());
    if (waiting.size() >= limits.batchSize()) {
      answerNext();
    } else if (waiting.size() == 1) {
      var unused =
          getProcessingTimeService()
              .registerTimer(now() + limits.flushMillis(), time -> answerNext());
    }
    while (waiting.size() >= limits.maxWaiting()) {
      mailbox.yield();
    }
  }

  /** Gives the worker what waits, if it has nothing. */
  private void answerNext() {
    if (busy > 0 || waiting.isEmpty()) {
      return;
    }
    List<Request> batch =
        waiting.stream().limit(limits.batchSize()).map(KeyedRequest::request).toList();
    busy = batch.size();
    worker.submit(
        "answering " + batch.size() + " requests",
        () -> serving.responder().respond(batch),
        this::answered);
  }

  private void answered(List<Answer> answers) {
    if (answers.size() != busy) {
      throw new IllegalStateException(answers.size() + " answers to " + busy + " requests");
    }
    for (Answer answer : answers) {
      byte[] key = waiting.remove().key();
      output.collect(new StreamRecord<>(new KeyedAnswer(key, answer)));
    }
    this.answers.inc(busy);
    busy = 0;
    answerNext();
  }

  @Override
  public void processElement2(StreamRecord<ReleaseEvent> element) throws Exception {
    ReleaseEvent event = element.getValue();
    loading.put(place(event), event);
    load(event);
  }

  private void load(ReleaseEvent event) {
    worker.whenDone(
        "loading release " + event.release(), serving.releases().apply(event, now()), this::loaded);
  }

  private void loaded(SwapResult result) throws Exception {
    ReleaseEvent event = result.event();
    loading.remove(place(event));
    switch (result.outcome()) {
      case SWAPPED -> follow(event);
      case FAILED -> reject(event, result.reason());
      case IGNORED -> LOG.info("Release {} is passed over: {}", event.release(), result.reason());
    }
  }

  private void follow(ReleaseEvent event) throws Exception {
    swaps.inc();
    live.put(alias(event), event);
  }

  /** All subtasks read all events: the first speaks for them. */
  private void reject(ReleaseEvent event, String why) {
    failedSwaps.inc();
    LOG.warn("Release {} of {} is not served: {}", event.release(), event.domain(), why);
    if (subtask() == 0) {
      Rejection rejection =
          new Rejection(
              event.origin(), event.release(), event.domain(), "release-invalid", why, Double.NaN);
      output.collect(Outputs.REJECTED, new StreamRecord<>(rejection));
    }
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    unanswered.update(List.copyOf(waiting));
  }

  @Override
  public void endInput(int input) throws Exception {
    if (input == REQUESTS) {
      answerNext();
      while (!waiting.isEmpty()) {
        mailbox.yield();
      }
    } else {
      while (loading.immutableEntries().iterator().hasNext()) {
        mailbox.yield();
      }
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

  private int subtask() {
    return getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
  }

  private long now() {
    return getProcessingTimeService().getCurrentProcessingTime();
  }

  private static String alias(ReleaseEvent event) {
    return event.tenant() + "|" + event.domain() + "|" + event.kind();
  }

  /** Sorts in the order of reading. */
  private static String place(ReleaseEvent event) {
    return String.format(
        "%s-%05d-%019d",
        event.origin().topic(), event.origin().partition(), event.origin().offset());
  }
}
