package dev.millrace.job.operator.learn;

import dev.millrace.adapter.Learner;
import dev.millrace.adapter.Outcome;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.TrainPrecision;
import dev.millrace.job.operator.Courtesy;
import dev.millrace.job.operator.DomainKey;
import dev.millrace.job.operator.Due;
import dev.millrace.job.operator.Keys;
import dev.millrace.job.operator.KnownStates;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.Outputs;
import dev.millrace.job.operator.Worker;
import dev.millrace.job.operator.learn.Attempt.Finished;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.TrainingBatch;
import dev.millrace.schema.Verdict;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedMultiInput;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.api.operators.TwoInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.IOUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Learns the batches of each domain in their order, and obeys what people say of its releases
 * before anything else. A batch waits in keyed state until what it taught is in keyed state too, so
 * a restore learns again exactly what no checkpoint has seen.
 */
@SuppressWarnings("NullAway.Init") // initializeState and open set the transient fields
final class LearnOperator extends AbstractStreamOperator<Verdict>
    implements TwoInputStreamOperator<TrainingBatch, ReleaseEvent, Verdict>, BoundedMultiInput {

  private static final Logger LOG = LoggerFactory.getLogger(LearnOperator.class);

  private static final String PRECISION = "precision";

  /** After which what failed for the store is tried again. */
  static final long PAUSE_MILLIS = 5_000;

  private final LearnerOpener learners;
  private final int maxPending;
  private final long submitted;
  private final Courtesy courtesy;
  private final MailboxExecutor mailbox;
  private final long patienceMillis;
  private final Worker worker;

  private transient DomainState domain;

  /** Of each subtask, what its learner was settled by. */
  private transient ListState<Tuple2<Integer, TrainPrecision>> precision;

  /** Of the events that it writes. */
  private transient Epoch epoch;

  private transient @Nullable Opened<Learner> opened;
  private transient Learner learner;
  private transient @Nullable TrainerLink trainers;

  /** The worker is at the head. */
  private transient Turns turns;

  /** What the worker is at; null if there is nothing that it could be at. */
  private transient @Nullable Attempt attempt;

  private transient LearnFigures figures;

  LearnOperator(
      StreamOperatorParameters<Verdict> parameters,
      LearnerOpener learners,
      int maxPending,
      long submitted,
      Courtesy courtesy,
      long patienceMillis) {
    super(parameters);
    this.learners = learners;
    this.maxPending = maxPending;
    this.submitted = submitted;
    this.courtesy = courtesy;
    this.mailbox = parameters.getMailboxExecutor();
    this.patienceMillis = patienceMillis;
    this.worker = new Worker("learn", getUserCodeClassloader(), mailbox, courtesy::adopt);
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    epoch = Epoch.of(context.getOperatorStateStore(), submitted);
    domain = new DomainState(context.getKeyedStateStore());
    precision =
        context
            .getOperatorStateStore()
            .getUnionListState(
                new ListStateDescriptor<>(
                    PRECISION, Types.TUPLE(Types.INT, Types.ENUM(TrainPrecision.class))));
    KnownStates.require(context.getOperatorStateStore(), Epoch.NAMES, PRECISION);
  }

  @Override
  public void open() throws Exception {
    super.open();
    TaskInfo task = getRuntimeContext().getTaskInfo();
    int subtask = task.getIndexOfThisSubtask();
    TrainerLink link =
        new TrainerLink(
            mailbox,
            subtask,
            task.getNumberOfParallelSubtasks(),
            patienceMillis,
            order -> output.collect(Outputs.ORDERS, new StreamRecord<>(order)));
    ReturnFunction.open(job(), subtask, link);
    trainers = link;
    opened = learners.open(subtask, link);
    learner = opened.value().settled(found(subtask));
    precision.update(List.of(Tuple2.of(subtask, learner.precision())));
    turns = new Turns(maxPending, LOG::warn);
    figures =
        new LearnFigures(
            getMetricGroup(),
            turns::size,
            turns::held,
            getProcessingTimeService()::getCurrentProcessingTime);
    for (String key : Keys.with(getKeyedStateBackend(), DomainState.ORDERS)) {
      setCurrentKey(key);
      domain.orders().forEach(event -> turns.add(key));
    }
    for (String key : Keys.with(getKeyedStateBackend(), DomainState.PENDING)) {
      setCurrentKey(key);
      for (TrainingBatch batch : domain.batches()) {
        turns.add(key);
        figures.came(label(batch));
      }
    }
    workAtHead();
  }

  /** What this subtask was settled by before a restart, or another one where there are more now. */
  private @Nullable TrainPrecision found(int subtask) throws Exception {
    TrainPrecision found = null;
    for (Tuple2<Integer, TrainPrecision> one : precision.get()) {
      found = found == null || one.f0 == subtask ? one.f1 : found;
    }
    return found;
  }

  private static String label(TrainingBatch batch) {
    return DomainKey.label(batch.tenant(), batch.domain());
  }

  private JobID job() {
    return getRuntimeContext().getJobInfo().getJobId();
  }

  @Override
  public void processElement1(StreamRecord<TrainingBatch> element) throws Exception {
    TrainingBatch batch = element.getValue();
    domain.add(batch);
    figures.came(label(batch));
    takeTurn();
    while (turns.isFull()) {
      mailbox.yield();
    }
  }

  @Override
  public void processElement2(StreamRecord<ReleaseEvent> element) throws Exception {
    ReleaseEvent event = element.getValue();
    if (!epoch.isOrder(event)) {
      domain.passOver(event);
      return;
    }
    Attempt now = attempt;
    if (now != null && now.key().equals(getCurrentKey())) {
      now.overtake();
    }
    domain.add(event);
    if (turns.takeUnpublished((String) getCurrentKey()) != null) { // it is learned again from there
      turns.release((String) getCurrentKey());
    }
    takeTurn();
  }

  private void takeTurn() throws Exception {
    turns.add((String) getCurrentKey());
    if (attempt == null) {
      workAtHead();
    }
  }

  private void workAtHead() throws Exception {
    figures.rests();
    attempt = null;
    String key = turns.next(this::isOrdered);
    if (key == null) {
      return;
    }
    setCurrentKey(key);
    Attempt mine = new Attempt(learner, key, domain.learner(), turns.takeUnpublished(key));
    attempt = mine;
    ReleaseEvent order = domain.order();
    if (order != null) {
      obeyBeside(order, mine);
    } else {
      learnBeside(domain.batch(), mine);
    }
  }

  private boolean isOrdered(String key) throws Exception {
    setCurrentKey(key);
    return domain.order() != null;
  }

  private void learnBeside(TrainingBatch batch, Attempt mine) {
    figures.learning(label(batch));
    Governor governor =
        courtesy.governor(figures.shown(() -> !worker.isClosing() && !mine.isOvertaken()));
    worker.submit(
        "learning batch " + batch.number() + " of " + batch.domain(),
        () -> mine.learn(batch, governor),
        finished -> learned(batch, finished, mine),
        failure -> notLearned(batch, failure, mine));
  }

  private void obeyBeside(ReleaseEvent event, Attempt mine) throws Exception {
    List<ReleaseEvent> behind = domain.ordersBehind();
    Governor governor = courtesy.governor(() -> !worker.isClosing());
    worker.submit(
        "taking " + event.domain() + " to release " + event.release(),
        () -> mine.obey(event, behind, governor),
        finished -> obeyed(event, finished),
        failure ->
            hold(
                "%s of %s to release %s cannot be obeyed"
                    .formatted(
                        event.action(), DomainKey.shown(DomainKey.of(event)), event.release()),
                failure));
  }

  /** Others have their turns while what failed for the store waits to be tried again. */
  private void hold(String what, UncheckedIOException failure) throws Exception {
    String key = turns.hold(what + " now and is tried again, the domain waits", failure, now());
    long due = Due.after(now(), PAUSE_MILLIS);
    var unused =
        getProcessingTimeService()
            .registerTimer(
                due,
                time -> {
                  turns.release(key);
                  if (attempt == null) {
                    workAtHead();
                  }
                });
    workAtHead();
  }

  private long now() {
    return getProcessingTimeService().getCurrentProcessingTime();
  }

  private void learned(TrainingBatch batch, Optional<Finished> finished, Attempt mine)
      throws Exception {
    if (!mine.isOvertaken()) {
      Finished result = finished.orElseThrow();
      setCurrentKey(turns.end(now()));
      domain.learned(batch, result.state());
      figures.left(label(batch));
      emit(result.outcome());
    }
    workAtHead();
  }

  private void notLearned(TrainingBatch batch, UncheckedIOException failure, Attempt mine)
      throws Exception {
    if (mine.isOvertaken()) {
      workAtHead();
    } else {
      hold(
          "batch %d of %s cannot be learned"
              .formatted(batch.number(), DomainKey.shown(DomainKey.of(batch))),
          failure);
    }
  }

  /** An event that leaves something to be learned again gets another turn, behind the others. */
  private void obeyed(ReleaseEvent event, Finished result) throws Exception {
    boolean again = result.outcome().state().learnsAgain();
    String key = turns.end(now());
    setCurrentKey(key);
    domain.obeyed(event, result.outcome().verdict(), result.state(), !again);
    if (again) {
      turns.add(key);
    }
    emit(result.outcome());
    workAtHead();
  }

  private void emit(Outcome outcome) throws Exception {
    figures.learned(outcome);
    output.collect(new StreamRecord<>(outcome.verdict()));
    write(outcome.promoted());
    write(outcome.release());
  }

  private void write(@Nullable ReleaseEvent event) throws Exception {
    if (event != null) {
      output.collect(Outputs.RELEASES, new StreamRecord<>(epoch.sign(event, domain.read())));
    }
  }

  @Override
  public void endInput(int input) throws Exception {
    while (turns.size() > 0) {
      mailbox.yield();
    }
  }

  @Override
  public void close() throws Exception {
    IOUtils.closeAll(worker, this::leaveTrainers, super::close, opened);
  }

  private void leaveTrainers() {
    if (trainers != null) {
      int subtask = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
      ReturnFunction.close(job(), subtask, trainers);
    }
  }
}
