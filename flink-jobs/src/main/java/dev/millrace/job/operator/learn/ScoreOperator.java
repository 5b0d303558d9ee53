package dev.millrace.job.operator.learn;

import dev.millrace.adapter.align.AlignmentLearner;
import dev.millrace.adapter.align.AlignmentOutcome;
import dev.millrace.adapter.align.AlignmentState;
import dev.millrace.adapter.publish.Draft;
import dev.millrace.job.operator.DomainKey;
import dev.millrace.job.operator.Due;
import dev.millrace.job.operator.Keys;
import dev.millrace.job.operator.KnownStates;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.Opener;
import dev.millrace.job.operator.Outputs;
import dev.millrace.job.operator.SharedSerializer;
import dev.millrace.job.operator.Worker;
import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.score.DomainMemory;
import dev.millrace.model.score.MemoryLimits;
import dev.millrace.model.score.Scored;
import dev.millrace.model.score.Scorer;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Sample;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.Verdict;
import dev.millrace.schema.wire.Counted;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.state.KeyedStateStore;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedMultiInput;
import org.apache.flink.streaming.api.operators.TwoInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.IOUtils;
import org.apache.flink.util.function.ThrowingConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Scores samples, keyed by domain, against what their domain has shown, and learns from pictures
 * and sounds where they meet their captions. What was learned scores the next sample of the domain,
 * and leaves as a release with the checkpoint that holds the state behind it. The second input is
 * what people order of such releases. The store is read and written beside the task's thread.
 */
@SuppressWarnings("NullAway.Init") // initializeState and open set the transient fields
public final class ScoreOperator extends AbstractStreamOperator<ScoredSample>
    implements TwoInputStreamOperator<Sample, ReleaseEvent, ScoredSample>, BoundedMultiInput {

  private static final Logger LOG = LoggerFactory.getLogger(ScoreOperator.class);

  private static final TypeInformation<byte[]> BYTES =
      PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO;
  private static final String ORDERS = "alignment-orders";
  private static final String UNWRITTEN = "alignments-unwritten";
  private static final String HELD_OUT = "held-out";

  /**
   * So many releases of a domain wait for the store; then its pairs wait too, or teach nothing
   * where the store has failed.
   */
  static final int MOST_UNWRITTEN = 4;

  private final Opener<Scorer> scorers;
  private final Opener<AlignmentLearner> learners;
  private final MemoryLimits limits;
  private final long submitted;

  private transient ValueState<byte[]> memory;
  private transient ValueState<byte[]> alignment;

  private transient ReadTo read;

  /** What is not obeyed yet: until then no batch of the domain is learned. */
  private transient ListState<ReleaseEvent> orders;

  /** Of each release that is not in the store yet: manifest, files, verdict, event. */
  private transient ListState<Tuple4<byte[], Map<String, byte[]>, Verdict, ReleaseEvent>> unwritten;

  private transient MailboxExecutor mailbox;

  /** Reads and writes the store. */
  private transient @Nullable Worker worker;

  /** Keys whose next order or release the worker has, the one that it is at first. */
  private transient Set<String> atWork;

  /** Those whose next order or release is tried again in a moment. */
  private transient Set<String> held;

  /** The keys for which the store has failed, and which have gone no further. */
  private transient Waits waits;

  /** How many pairs have taught nothing since their domain waits, by key. */
  private transient Map<String, Long> untaught;

  /**
   * Memories. Without those that are empty: refusals under names that somebody invents must leave
   * no state.
   */
  private transient Changes<DomainMemory> changed;

  /** The same of what pairs have taught. */
  private transient Changes<AlignmentState> aligned;

  /** Of each subtask, how what is held out is chosen. */
  private transient ListState<String> heldOut;

  /** Of the events that it writes. */
  private transient Epoch epoch;

  private transient @Nullable Opened<Scorer> opened;
  private transient Scorer scorer;
  private transient @Nullable Opened<AlignmentLearner> openedLearner;
  private transient AlignmentLearner learner;
  private transient ScoreFigures figures;

  /**
   * @param submitted when the job was, epoch milliseconds: a trainer of the same domain that was
   *     submitted later makes it fail
   */
  public ScoreOperator(
      Opener<Scorer> scorers,
      Opener<AlignmentLearner> learners,
      MemoryLimits limits,
      long submitted) {
    this.scorers = scorers;
    this.learners = learners;
    this.limits = limits;
    this.submitted = submitted;
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    epoch = Epoch.of(context.getOperatorStateStore(), submitted);
    heldOut =
        context
            .getOperatorStateStore()
            .getUnionListState(new ListStateDescriptor<>(HELD_OUT, Types.STRING));
    KnownStates.require(context.getOperatorStateStore(), Epoch.NAMES, HELD_OUT);
    KeyedStateStore store = context.getKeyedStateStore();
    memory = store.getState(bytes("memory"));
    alignment = store.getState(bytes("alignment"));
    changed = new Changes<>(memory, this::setCurrentKey, DomainMemory::toBytes);
    aligned = new Changes<>(alignment, this::setCurrentKey, AlignmentState::toBytes);
    read = new ReadTo(store, "alignment-read");
    orders =
        store.getListState(
            new ListStateDescriptor<>(ORDERS, SharedSerializer.of(ReleaseEvent.class)));
    unwritten =
        store.getListState(
            new ListStateDescriptor<>(
                UNWRITTEN,
                SharedSerializer.of(
                    Types.TUPLE(
                        BYTES,
                        Types.MAP(Types.STRING, BYTES),
                        TypeInformation.of(Verdict.class),
                        TypeInformation.of(ReleaseEvent.class)))));
  }

  private static ValueStateDescriptor<byte[]> bytes(String name) {
    return new ValueStateDescriptor<>(name, BYTES);
  }

  @Override
  public void open() throws Exception {
    super.open();
    int subtask = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
    opened = scorers.open(subtask);
    scorer = opened.value();
    openedLearner = learners.open(subtask);
    learner = openedLearner.value();
    mailbox =
        getContainingTask()
            .getMailboxExecutorFactory()
            .createExecutor(getOperatorConfig().getChainIndex());
    worker = new Worker("alignments", getUserCodeClassloader(), mailbox);
    atWork = new LinkedHashSet<>();
    held = new HashSet<>();
    waits = new Waits(LOG::warn);
    figures = new ScoreFigures(getMetricGroup(), waits::size);
    untaught = new HashMap<>();
    requireSameHeldOut();
    for (String key : Keys.with(getKeyedStateBackend(), ORDERS, UNWRITTEN)) {
      setCurrentKey(key);
      settle();
    }
  }

  /** Or what judges by the state would teach, and what taught would judge. */
  private void requireSameHeldOut() throws Exception {
    String here = scorer.heldOut();
    for (String before : heldOut.get()) {
      if (!before.equals(here)) {
        throw new IllegalStateException(
            "what is held out is %s, expected %s, by which this state was made: set MILLRACE_HELD_OUT_SALT and heldOut.everyNth as they were, or begin learn without its state"
                .formatted(here, before));
      }
    }
    heldOut.update(List.of(here));
  }

  @Override
  public void processElement1(StreamRecord<Sample> element) throws Exception {
    Sample sample = element.getValue();
    DomainMemory known = currentMemory();
    long drifts = known.drifts();
    Scored scored = scorer.score(sample, known, currentAdapter(sample));
    if (!known.isEmpty()) {
      changed.put((String) getCurrentKey(), known);
    }
    if (known.drifts() > drifts) {
      figures.drifted(sample);
    }
    if (scored instanceof Scored.Accepted accepted) {
      figures.accepted(sample);
      output.collect(element.replace(accepted.sample()));
      if (!accepted.places().isNone()) {
        figures.paired(sample);
        teach(accepted);
        awaitRoom();
      }
    } else if (scored instanceof Scored.Refused refused) {
      figures.refused(sample, refused.rejection());
      output.collect(Outputs.REJECTED, element.replace(refused.rejection()));
    }
  }

  @Override
  public void processElement2(StreamRecord<ReleaseEvent> element) throws Exception {
    ReleaseEvent event = element.getValue();
    if (epoch.isOrder(event)) {
      orders.add(event);
      settle();
    } else if (all(orders).isEmpty()) {
      read.passed(event);
    }
  }

  private void teach(Scored.Accepted pair) throws Exception {
    String key = (String) getCurrentKey();
    for (boolean told = false; !mayLearn(key); told = true) {
      AlignmentState before = currentAlignment();
      AlignmentState gathered = learner.gather(before, pair.sample(), pair.places());
      if (gathered != null) {
        keep(before, gathered);
        return;
      }
      if (!isSlow(key)) {
        passOver(key);
        return;
      }
      yieldFor(key, told);
    }
    AlignmentState before = currentAlignment();
    keep(before, learner.take(before, pair.sample(), pair.places()));
  }

  private void passOver(String key) throws Exception {
    if (untaught.merge(key, 1L, Long::sum) == 1) {
      tell(key, "further pairs teach nothing");
    }
  }

  private void tell(String key, String meanwhile) throws Exception {
    LOG.warn(
        "{} waits with {} and {}, {} until it goes on",
        alignmentOf(key),
        Counted.of(all(orders).size(), "order", "orders"),
        Counted.of(all(unwritten).size(), "release", "releases"),
        meanwhile);
  }

  /**
   * Whether the store has work of the key and has not failed, neither for it nor for what stands
   * before it: then samples wait, so that what they teach does not depend on how fast it is.
   */
  private boolean isSlow(String key) {
    for (String at : atWork) {
      if (waits.contains(at)) {
        return false;
      }
      if (at.equals(key)) {
        return true;
      }
    }
    return false;
  }

  private void yieldFor(String key, boolean told) throws Exception {
    if (!told) {
      tell(key, "all samples of its subtask wait, too,");
    }
    mailbox.yield();
    setCurrentKey(key);
  }

  private boolean mayLearn(String key) throws Exception {
    return !isBusy(key) || (all(orders).isEmpty() && !(waits.contains(key) && isFull()));
  }

  private boolean isBusy(String key) {
    return atWork.contains(key) || held.contains(key);
  }

  private boolean isFull() throws Exception {
    return all(unwritten).size() >= MOST_UNWRITTEN;
  }

  private void awaitRoom() throws Exception {
    String key = (String) getCurrentKey();
    for (boolean told = false; isSlow(key) && all(orders).isEmpty() && isFull(); told = true) {
      yieldFor(key, told);
    }
  }

  private static String alignmentOf(String key) {
    return "alignment of " + DomainKey.shown(key);
  }

  private static <T> List<T> all(ListState<T> state) throws Exception {
    List<T> all = new ArrayList<>();
    state.get().forEach(all::add);
    return all;
  }

  /** Has the worker obey what the key's domain was ordered, or else publish what it learned. */
  private void settle() throws Exception {
    String key = (String) getCurrentKey();
    if (isBusy(key)) {
      return;
    }
    List<ReleaseEvent> ordered = all(orders);
    if (!ordered.isEmpty()) {
      obeyBeside(key, currentAlignment(), ordered);
      return;
    }
    var learned = unwritten.get().iterator();
    if (learned.hasNext()) {
      publishBeside(key, learned.next());
    }
  }

  private void obeyBeside(String key, AlignmentState at, List<ReleaseEvent> ordered)
      throws Exception {
    String written = lastWritten(at);
    HeadOrder<Function<AlignmentState, AlignmentOutcome>> head =
        new HeadOrder<>(
            order -> learner.obey(at.release(), written, order),
            change -> verdict(change.apply(at)),
            (order, why) -> state -> AlignmentOutcome.refused(state, order, why));
    List<ReleaseEvent> behind = ordered.subList(1, ordered.size());
    submit(key, "obeying", () -> head.obeyed(ordered.get(0), behind), this::obeyed);
  }

  private @Nullable String lastWritten(AlignmentState at) throws Exception {
    var learned = unwritten.get().iterator();
    return learned.hasNext() ? Manifest.parse(learned.next().f0).parent() : at.release();
  }

  private void publishBeside(
      String key, Tuple4<byte[], Map<String, byte[]>, Verdict, ReleaseEvent> release) {
    Draft draft = new Draft(Manifest.parse(release.f0), new TreeMap<>(release.f1));
    submit(
        key,
        "publishing",
        () -> {
          String uri = learner.publish(draft); // learned beside another store, perhaps
          return Tuple4.of(release.f0, release.f1, release.f2, release.f3.withUri(uri));
        },
        this::published);
  }

  /** Whatever the store does not let the worker do now is tried again. */
  private <T> void submit(
      String key, String what, Callable<T> work, ThrowingConsumer<T, Exception> done) {
    atWork.add(key);
    Objects.requireNonNull(worker)
        .submit(
            what + " for the " + alignmentOf(key),
            work,
            result -> {
              setCurrentKey(key);
              done.accept(result);
              atWork.remove(key);
              goOn(key);
            },
            failure -> hold(key, failure));
  }

  private void obeyed(Function<AlignmentState, AlignmentOutcome> change) throws Exception {
    List<ReleaseEvent> ordered = all(orders);
    ReleaseEvent event = ordered.remove(0);
    orders.update(ordered);
    AlignmentState before = currentAlignment();
    AlignmentOutcome outcome = change.apply(before);
    Verdict verdict = verdict(outcome);
    read.judged(event, verdict);
    if (verdict.accepted()) {
      unwritten.clear(); // it came after what the event names
    }
    keep(before, outcome);
  }

  private static Verdict verdict(AlignmentOutcome ofAnOrder) {
    return Objects.requireNonNull(ofAnOrder.verdict());
  }

  private void published(Tuple4<byte[], Map<String, byte[]>, Verdict, ReleaseEvent> release)
      throws Exception {
    var learned = all(unwritten);
    learned.remove(0);
    unwritten.update(learned);
    ReleaseEvent ours = epoch.sign(release.f3, read.offset());
    tell(release.f2);
    figures.published(ours);
    output.collect(Outputs.RELEASES, new StreamRecord<>(ours));
  }

  private void goOn(String key) throws Exception {
    waits.over(key, alignmentOf(key), now());
    Long lost = untaught.remove(key);
    if (lost != null) {
      LOG.warn(
          "{} is taught again: {} taught nothing",
          alignmentOf(key),
          Counted.of(lost, "pair", "pairs"));
    }
    settle();
  }

  private void hold(String key, UncheckedIOException failure) {
    for (String behind : atWork) { // or as many would fail one after the other, and samples wait
      waits.inVain(behind, alignmentOf(behind) + " waits and is tried again", failure, now());
    }
    atWork.remove(key);
    held.add(key);
    var unused =
        getProcessingTimeService()
            .registerTimer(
                Due.after(now(), LearnOperator.PAUSE_MILLIS),
                time -> {
                  held.remove(key);
                  setCurrentKey(key);
                  settle();
                });
  }

  private long now() {
    return getProcessingTimeService().getCurrentProcessingTime();
  }

  /** What waits for the store is waited for, as what is to be learned of texts is. */
  @Override
  public void endInput(int input) throws Exception {
    while (isAtWork() || !held.isEmpty()) {
      mailbox.yield();
    }
  }

  /** Whether the worker is at something. */
  boolean isAtWork() {
    return !atWork.isEmpty();
  }

  /** Orders have no event time: only samples move it. */
  @Override
  public void processWatermark1(Watermark mark) throws Exception {
    processWatermark(mark);
  }

  @Override
  public void processWatermark2(Watermark mark) {}

  private void keep(AlignmentState before, AlignmentOutcome outcome) throws Exception {
    keep(before, outcome.state());
    Draft draft = outcome.draft();
    if (draft == null) {
      tell(outcome.verdict());
    } else {
      unwritten.add(
          Tuple4.of(
              draft.manifest().toBytes(), draft.files(), outcome.verdict(), outcome.release()));
      settle();
    }
  }

  private void keep(AlignmentState before, AlignmentState now) throws Exception {
    if (!now.equals(before)) {
      aligned.put((String) getCurrentKey(), now);
    }
  }

  private void tell(@Nullable Verdict verdict) {
    if (verdict != null) {
      figures.aligned(verdict);
      output.collect(Outputs.VERDICTS, new StreamRecord<>(verdict));
    }
  }

  private AlignAdapter currentAdapter(Sample sample) throws Exception {
    return sample.isMedia() ? currentAlignment().adapter() : AlignAdapter.NONE;
  }

  private AlignmentState currentAlignment() throws Exception {
    AlignmentState known = aligned.get((String) getCurrentKey());
    if (known != null) {
      return known;
    }
    byte[] bytes = alignment.value();
    return bytes == null ? learner.initial() : learner.restored(AlignmentState.fromBytes(bytes));
  }

  private DomainMemory currentMemory() throws Exception {
    DomainMemory known = changed.get((String) getCurrentKey());
    if (known != null) {
      return known;
    }
    byte[] bytes = memory.value();
    return bytes == null
        ? DomainMemory.empty(limits, scorer.readers())
        : DomainMemory.fromBytes(bytes, limits, scorer.readers());
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    changed.write();
    aligned.write();
  }

  @Override
  public void close() throws Exception {
    IOUtils.closeAll(worker, super::close, opened, openedLearner);
  }
}
