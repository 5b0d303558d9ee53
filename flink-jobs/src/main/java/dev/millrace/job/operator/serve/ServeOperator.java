package dev.millrace.job.operator.serve;

import dev.millrace.job.config.ServeConfig;
import dev.millrace.job.operator.Due;
import dev.millrace.job.operator.KeyedAnswer;
import dev.millrace.job.operator.KeyedRequest;
import dev.millrace.job.operator.KnownStates;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.Opener;
import dev.millrace.job.operator.Outputs;
import dev.millrace.job.operator.SharedSerializer;
import dev.millrace.job.operator.Worker;
import dev.millrace.model.serve.Added;
import dev.millrace.model.serve.Answered;
import dev.millrace.model.swap.SwapResult;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.stream.StreamSupport;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.operators.coordination.OperatorEvent;
import org.apache.flink.runtime.operators.coordination.OperatorEventGateway;
import org.apache.flink.runtime.operators.coordination.OperatorEventHandler;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedMultiInput;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.api.operators.TwoInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.FlinkRuntimeException;
import org.apache.flink.util.IOUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a running batch of requests beside the task's thread, and hands release events to the live
 * releases. A tenant's answers under one key leave in the order of their requests. Requests without
 * an answer and the events behind what is live are state: a restored subtask knows what served
 * before, and loads what is asked for.
 */
@SuppressWarnings("NullAway.Init") // initializeState and open set the transient fields
final class ServeOperator extends AbstractStreamOperator<KeyedAnswer>
    implements TwoInputStreamOperator<KeyedRequest, ReleaseEvent, KeyedAnswer>,
        BoundedMultiInput,
        OperatorEventHandler,
        TogetherActivation.Link {

  private static final Logger LOG = LoggerFactory.getLogger(ServeOperator.class);

  private static final int REQUESTS = 1;
  private static final String INVALID = "release-invalid";
  private static final String UNANSWERED = "unanswered-of-all";

  private final ServeConfig limits;
  private final Beginning beginning;
  private final MailboxExecutor mailbox;
  private final Worker worker;

  /** Begun before the operator is: what answers go to is opened meanwhile. Never if it is over. */
  private final Future<Opened<Serving>> opening;

  /** To the coordinator; null where subtasks have none. */
  private final @Nullable OperatorEventGateway coordinator;

  private transient Activation activation;

  /** Of all subtasks: where there are more or fewer than before, others have the keys. */
  private transient ListState<KeyedRequest> unanswered;

  private transient FollowedReleases followed;
  private transient boolean restored;
  private transient Serving serving;

  private transient ServeFigures figures;
  private transient Scheduler scheduler;

  /** What could not be read, by place; state has it, and it is tried again, the first first. */
  private final Map<String, ReleaseEvent> unread = new LinkedHashMap<>();

  /** Whether one of these is on its way, or a timer waits. */
  private boolean tries;

  /** The place of the one that is on its way. */
  private String trying = "";

  /** How many requests waited for a release when the worker's thread last looked. */
  private transient int waited;

  ServeOperator(
      StreamOperatorParameters<KeyedAnswer> parameters,
      Opener<Serving> servings,
      ServeConfig limits,
      Beginning beginning) {
    super(parameters);
    this.limits = limits;
    this.beginning = beginning;
    this.mailbox = parameters.getMailboxExecutor();
    this.worker = new Worker("serve", getUserCodeClassloader(), mailbox);
    this.coordinator =
        limits.activation() == ServeConfig.Activation.TOGETHER ? coordinator(parameters) : null;
    boolean over =
        getContainingTask().getEnvironment().getTaskStateManager().isTaskDeployedAsFinished();
    this.opening = // last: what failed after it would leave it open
        over ? new CompletableFuture<>() : worker.call(() -> servings.open(subtask()));
  }

  private OperatorEventGateway coordinator(StreamOperatorParameters<KeyedAnswer> parameters) {
    OperatorID id = parameters.getStreamConfig().getOperatorID();
    parameters.getOperatorEventDispatcher().registerEventHandler(id, this);
    return parameters.getOperatorEventDispatcher().getOperatorEventGateway(id);
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    OperatorStateStore state = context.getOperatorStateStore();
    unanswered =
        state.getUnionListState(
            new ListStateDescriptor<>(UNANSWERED, SharedSerializer.of(KeyedRequest.class)));
    followed = new FollowedReleases(state);
    KnownStates.require(state, FollowedReleases.NAMES, UNANSWERED);
    restored = context.isRestored();
  }

  @Override
  public void open() throws Exception {
    super.open();
    serving = opened().value();
    figures = new ServeFigures(getMetricGroup(), serving);
    scheduler =
        new Scheduler(limits, serving.responder(), getProcessingTimeService(), figures, this::emit);
    figures.show(scheduler);
    Activation.Means means =
        new Activation.Means(serving.releases(), worker, this::now, this::loaded);
    activation =
        coordinator == null
            ? new IndependentActivation(means)
            : new TogetherActivation(means, this);
    if (restored) {
      reload();
    } else {
      begin();
    }
    worker.repeat("answering requests", this::step, steps -> steps.forEach(this::stepped));
    scheduler.resume(
        StreamSupport.stream(unanswered.get().spliterator(), false).filter(this::isMine).toList());
  }

  private Opened<Serving> opened() throws Exception {
    try {
      return opening.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception failure ? failure : e;
    }
  }

  private boolean isMine(KeyedRequest request) {
    int subtasks = getRuntimeContext().getTaskInfo().getNumberOfParallelSubtasks();
    return KeyedRequest.subtask(request.keyOrId().hashCode(), subtasks) == subtask();
  }

  /** Else the base would answer at first, and then what people have taken back since. */
  private void begin() throws Exception {
    List<ReleaseEvent> events = coordinator == null ? beginning.read() : beginTogether();
    serving.begin(events, this::now, this::loaded);
    followed.begun(events);
  }

  private List<ReleaseEvent> beginTogether() throws Exception {
    var gateway = getContainingTask().getEnvironment().getOperatorCoordinatorEventGateway();
    return Begun.together(beginning, gateway, getOperatorID());
  }

  private void reload() throws Exception {
    List<CompletableFuture<SwapResult>> reloads = new ArrayList<>();
    for (ReleaseEvent event : followed.live()) {
      reloads.add(serving.releases().restore(event, now()));
    }
    for (CompletableFuture<SwapResult> reload : reloads) {
      restored(reload.get());
    }
    for (ReleaseEvent event : followed.loading()) {
      if (!isDropped(event)) {
        activation.read(event);
      }
    }
  }

  /** What cannot be had now is tried again by whoever asks: it keeps no subtask from starting. */
  private void restored(SwapResult reload) {
    if (reload.outcome() != Outcome.IGNORED && !reload.reason().isEmpty()) {
      missing(reload.event(), reload.reason());
    }
  }

  @Override
  public void processElement1(StreamRecord<KeyedRequest> element) throws Exception {
    KeyedRequest request = element.getValue();
    Answer known = scheduler.known(request);
    if (known != null) {
      emit(new KeyedAnswer(request.key(), known));
      return;
    }
    while (scheduler.mustWait(request)) {
      mailbox.yield();
    }
    scheduler.enter(request);
  }

  /** What came of a step of the responder. */
  private record Step(List<Added> added, List<Answered> answered, List<SwapResult> lost) {}

  /** Runs on the worker's thread. */
  private List<Step> step() throws InterruptedException {
    List<Answered> answered = serving.responder().step();
    List<Added> added = serving.responder().added();
    List<SwapResult> lost = serving.releases().lost();
    int waits = serving.responder().fetching().size();
    boolean room = waited < waits;
    waited = waits;
    return answered.isEmpty() && added.isEmpty() && lost.isEmpty() && !room
        ? List.of()
        : List.of(new Step(added, answered, lost));
  }

  private void stepped(Step step) {
    step.lost().forEach(found -> unreadable(found.event(), found.reason()));
    for (Added added : step.added()) {
      if (scheduler.awaits(added.ticket())) {
        output.collect(Outputs.CHUNKS, new StreamRecord<>(added.chunk()));
      }
    }
    scheduler.stepped(step.answered());
  }

  private void emit(KeyedAnswer answer) {
    figures.answered(answer.answer());
    output.collect(new StreamRecord<>(answer));
  }

  @Override
  public void processElement2(StreamRecord<ReleaseEvent> element) throws Exception {
    ReleaseEvent event = element.getValue();
    if (!followed.passesOver(event)) {
      followed.read(event);
      activation.read(event);
    }
  }

  @Override
  public void handleOperatorEvent(OperatorEvent event) {
    try {
      activation.decided((ActivationMessage.Decision) event);
    } catch (Exception e) {
      throw new FlinkRuntimeException("following " + event + " failed", e);
    }
  }

  @Override
  public void send(ActivationMessage message) {
    Objects.requireNonNull(coordinator).sendEventToCoordinator(message);
  }

  /** All subtasks do the same: the first speaks for them. */
  @Override
  public void outcome(SwapResult result) {
    String found = result.outcome() == Outcome.SWAPPED ? "yes" : "no: " + result.reason();
    LOG.info("All subtasks switch to release {}: {}", result.event().release(), found);
    if (subtask() == 0) {
      figures.together(result);
    }
  }

  @Override
  public void whenOverdue(Runnable then) {
    long due = Due.after(now(), limits.activationMillis());
    var unused = getProcessingTimeService().registerTimer(due, time -> then.run());
  }

  private void loaded(SwapResult result) throws Exception {
    boolean tried = trying.equals(Activation.place(result.event()));
    if (tried) {
      trying = "";
      tries = false;
    }
    settle(result);
    if (tried && !tries) { // it could be read, so may the others be
      tryAgain();
    }
  }

  private void settle(SwapResult result) throws Exception {
    ReleaseEvent event = result.event();
    if (result.mayComeLater()) {
      tryLater(event, result.reason());
      return;
    }
    unread.remove(Activation.place(event));
    followed.settle(result);
    switch (result.outcome()) {
      case SWAPPED -> {
        if (result.reason().isEmpty()) {
          figures.swapped(result);
        } else {
          missing(event, result.reason());
        }
      }
      case FAILED -> failed(event, result.reason());
      case IGNORED -> LOG.info("Release {} is passed over: {}", event.release(), result.reason());
    }
  }

  /** Else this subtask's keys would be answered otherwise than those of the others. */
  private void tryLater(ReleaseEvent event, String why) {
    if (unread.put(Activation.place(event), event) == null) {
      missing(event, why);
    }
    tryLater();
  }

  private void tryLater() {
    if (!tries && !unread.isEmpty()) {
      tries = true;
      long due = Due.after(now(), Serving.AGAIN_MILLIS);
      var unused = getProcessingTimeService().registerTimer(due, time -> tryAgain());
    }
  }

  /** One at a time: an order must not stand behind all that wait for a store. */
  private void tryAgain() throws Exception {
    tries = false;
    for (ReleaseEvent event : List.copyOf(unread.values())) {
      if (!isDropped(event) && !followed.maySoonBePast(event)) {
        unread.remove(Activation.place(event));
        unread.put(Activation.place(event), event); // the last now
        tries = true;
        trying = Activation.place(event);
        activation.read(event);
        return;
      }
    }
    tryLater();
  }

  /** Whether its domain has gone on from it since: then it must not come back. */
  private boolean isDropped(ReleaseEvent event) throws Exception {
    boolean past = followed.isPast(event);
    if (past) {
      loaded(new SwapResult(event, Outcome.IGNORED, "overtaken: its domain has gone on", 0));
    }
    return past;
  }

  /**
   * Not answering here until it can be fetched: ordered, and followed all the same, or published,
   * and tried again. Each subtask fails alone.
   */
  private void missing(ReleaseEvent event, String why) {
    figures.failedSwap();
    LOG.warn("Release {} of {} does not answer yet: {}", event.release(), event.domain(), why);
    unreadable(event, why);
  }

  private void unreadable(ReleaseEvent event, String why) {
    reject(event, why.startsWith(Serving.UNREADABLE) ? Serving.UNREADABLE : INVALID, why);
  }

  /** All subtasks read all events: the first speaks for them, but where each may fail alone. */
  private void failed(ReleaseEvent event, String why) {
    figures.failedSwap();
    LOG.warn("Release {} of {} is not served: {}", event.release(), event.domain(), why);
    boolean together = why.startsWith(Ballots.NOT_TOGETHER);
    boolean alone = coordinator != null && !together; // who began by another release than others
    if (alone || subtask() == 0 || event.kind() == ReleaseEvent.Kind.BASE) {
      reject(event, together ? "not-together" : INVALID, why);
    }
  }

  private void reject(ReleaseEvent event, String reason, String why) {
    Rejection rejection =
        new Rejection(event.origin(), event.release(), event.domain(), reason, why, Double.NaN);
    output.collect(Outputs.REJECTED, new StreamRecord<>(rejection));
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    unanswered.update(scheduler.requests());
    followed.snapshot();
  }

  @Override
  public void endInput(int input) throws Exception {
    if (input == REQUESTS) {
      while (scheduler.size() > 0) {
        mailbox.yield();
      }
    } else if (coordinator == null) { // else state has it: no decision reaches who waits in here
      while (followed.isLoading(unread.keySet())) {
        mailbox.yield();
      }
    }
  }

  @Override
  public void close() throws Exception {
    IOUtils.closeAll(worker, super::close, this::closeOpened);
  }

  private void closeOpened() throws Exception {
    if (opening.isDone()) {
      Opened<Serving> opened;
      try {
        opened = opening.get();
      } catch (ExecutionException thrownByOpen) {
        return;
      }
      opened.close();
    }
  }

  private int subtask() {
    return getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
  }

  private long now() {
    return getProcessingTimeService().getCurrentProcessingTime();
  }
}
