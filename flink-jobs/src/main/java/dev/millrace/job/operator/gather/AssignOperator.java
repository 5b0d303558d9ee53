package dev.millrace.job.operator.gather;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.job.config.UnlabelledConfig;
import dev.millrace.job.operator.Due;
import dev.millrace.job.operator.Keys;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.Opener;
import dev.millrace.job.operator.Outputs;
import dev.millrace.job.operator.SharedSerializer;
import dev.millrace.model.assign.DomainFinder;
import dev.millrace.model.assign.DomainFinder.Placed;
import dev.millrace.model.score.Reason;
import dev.millrace.model.weights.Digest;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Limits;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.StreamSupport;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.InternalTimer;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.Triggerable;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.IOUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the domains of samples that name none, keyed by tenant: learns from the samples that name
 * theirs, has others wait until enough of them agree on a new domain, and refuses those that nobody
 * agrees with. Only samples that came without a domain go on from here.
 */
@SuppressWarnings("NullAway.Init") // initializeState and open set the transient fields
public final class AssignOperator extends AbstractStreamOperator<Sample>
    implements OneInputStreamOperator<Sample, Sample>, Triggerable<String, Long>, BoundedOneInput {

  private static final Logger LOG = LoggerFactory.getLogger(AssignOperator.class);
  private static final String WAITING = "waiting";
  private static final String TOKENIZER = "tokenizer";
  private static final int FOUND_DIGITS = 12;

  /** So long named texts alone say what domains are like, where another tokenizer reads them. */
  private static final long SETTLES_MILLIS = 600_000;

  private final Opener<Assigning> assigning;
  private final UnlabelledConfig unlabelled;

  /** What is known of a tenant's domains, by name. */
  private transient MapState<String, byte[]> domains;

  /** Of the tokenizer in whose tokens that is known. */
  private transient ValueState<String> tokenizer;

  /** When samples that agree may open domains, epoch milliseconds; null if they always might. */
  private transient ValueState<Long> opens;

  /** Samples of a tenant that wait, by number. */
  private transient MapState<Long, Sample> waiting;

  /**
   * The number of a tenant's next sample. None comes twice: what is placed leaves its timer behind.
   */
  private transient ValueState<Long> next;

  /** Each a sample's wait. */
  private transient InternalTimerService<Long> timers;

  /** No wait ends before: what came while the job did not run is read only now. */
  private transient long firstEnd;

  /**
   * Of the tenants that were met since the last snapshot but one, and of those whose samples wait;
   * a metric reads it too.
   */
  private transient Map<String, DomainFinder> tenants;

  private transient MetTenants met;

  private transient @Nullable Opened<Assigning> opened;
  private transient Assigning parts;
  private transient AssignFigures figures;

  public AssignOperator(Opener<Assigning> assigning, UnlabelledConfig unlabelled) {
    this.assigning = assigning;
    this.unlabelled = unlabelled;
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    tenants = new ConcurrentHashMap<>();
    met = new MetTenants();
    domains =
        context
            .getKeyedStateStore()
            .getMapState(
                new MapStateDescriptor<>(
                    "domains",
                    Types.STRING,
                    PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
    waiting =
        context
            .getKeyedStateStore()
            .getMapState(
                new MapStateDescriptor<>(
                    WAITING, LongSerializer.INSTANCE, SharedSerializer.of(Sample.class)));
    next = context.getKeyedStateStore().getState(new ValueStateDescriptor<>("next", Types.LONG));
    opens = context.getKeyedStateStore().getState(new ValueStateDescriptor<>("opens", Types.LONG));
    tokenizer =
        context.getKeyedStateStore().getState(new ValueStateDescriptor<>(TOKENIZER, Types.STRING));
  }

  @Override
  public void open() throws Exception {
    super.open();
    opened = assigning.open(getRuntimeContext().getTaskInfo().getIndexOfThisSubtask());
    parts = opened.value();
    timers = getInternalTimerService("waits", LongSerializer.INSTANCE, this);
    figures = new AssignFigures(getMetricGroup(), () -> waitingNow());
    firstEnd = Due.after(now(), unlabelled.spanMillis());
    for (String key : Keys.with(getKeyedStateBackend(), WAITING)) {
      setCurrentKey(key);
      DomainFinder unused = finder(); // what waits is counted from the start
      waiting.keys().forEach(this::waitASpan);
    }
    for (String key : Keys.with(getKeyedStateBackend(), TOKENIZER)) {
      setCurrentKey(key);
      forget(met.meet(key, isAnyKnown(), this::waits));
    }
  }

  /** Samples that wait in this subtask. */
  int waitingNow() {
    return tenants.values().stream().mapToInt(DomainFinder::waiting).sum();
  }

  @Override
  public void processElement(StreamRecord<Sample> element) throws Exception {
    Sample sample = element.getValue();
    if (sample.teaches().isBlank()) { // media without a caption would drive out what texts say
      if (sample.domain() == null) {
        refuse(sample, Reason.CAPTION_MISSING, "no domain and no caption, expected one of both");
      }
      return;
    }
    DomainFinder finder = finder();
    String key = (String) getCurrentKey();
    forget(met.meet(key, finder.isAnyKnown(), this::waits));
    setCurrentKey(key);
    int[] tokens = parts.tokens().of(sample.teaches());
    if (sample.domain() != null) {
      finder.learn(sample.domain(), tokens);
      return;
    }
    long number = number();
    String name = found(sample);
    waiting.put(number, sample);
    List<Placed> placed = finder.place(number, tokens, room(sample), mayOpen() ? name : null);
    for (Placed one : placed) {
      pass(one.text(), one.domain());
    }
    if (placed.size() > 1) {
      figures.found(name, placed.size());
    }
    if (waiting.contains(number)) {
      waitASpan(number);
    }
    for (Long oldest = finder.oldest();
        oldest != null && finder.room() > unlabelled.waiting();
        oldest = finder.oldest()) {
      leave(finder, oldest);
    }
  }

  private void waitASpan(long number) {
    long due = Due.after(now(), unlabelled.spanMillis());
    if (due < Long.MAX_VALUE) { // else the timer would stay for ever
      timers.registerProcessingTimeTimer(number, due);
    }
  }

  /** As state has it, of the current key. */
  private boolean isAnyKnown() throws Exception {
    for (byte[] domain : domains.values()) {
      if (DomainFinder.isKnown(domain)) {
        return true;
      }
    }
    return false;
  }

  private boolean waits(String tenant) {
    DomainFinder known = tenants.get(tenant);
    return known != null && known.waiting() > 0;
  }

  /** All but the number of their next sample, where they had any without a domain. */
  private void forget(List<String> others) {
    for (String tenant : others) {
      setCurrentKey(tenant);
      tenants.remove(tenant);
      domains.clear();
      opens.clear();
      tokenizer.clear();
    }
  }

  /**
   * The domain that a sample opens. Not by where that stands: of topics that are made anew another
   * sample stands there, and the releases of what was found before are in the store still.
   */
  private static String found(Sample opens) {
    String what = opens.id() + "\n" + opens.teaches();
    return "found-" + Digest.sha256(what.getBytes(UTF_8)).substring(0, FOUND_DIGITS);
  }

  /** Media wait in state as the texts whose room they take. */
  private static int room(Sample sample) {
    return 1 + Math.max(0, sample.media().length - 1) / Limits.TEXT_BYTES;
  }

  /** That of the current key's tenant. */
  private DomainFinder finder() throws Exception {
    String key = (String) getCurrentKey();
    DomainFinder known = tenants.get(key);
    if (known == null) {
      settle();
      known = new DomainFinder(parts.known(), unlabelled.agree());
      for (Map.Entry<String, byte[]> domain : domains.entries()) {
        known.restore(domain.getKey(), domain.getValue());
      }
      for (Map.Entry<Long, Sample> one : waiting.entries()) {
        Sample sample = one.getValue();
        known.waits(one.getKey(), parts.tokens().of(sample.teaches()), room(sample));
      }
      tenants.put(key, known);
    }
    return known;
  }

  /**
   * Tokens of another tokenizer tell nobody what domains are like: texts of every domain would be
   * like none, and open another. So all of it is forgotten, and named texts have time to say it
   * again.
   */
  private void settle() throws Exception {
    String before = tokenizer.value();
    if (parts.tokenizer().equals(before)) {
      return;
    }
    tokenizer.update(parts.tokenizer());
    if (before != null && !domains.isEmpty()) {
      domains.clear();
      opens.update(now() + SETTLES_MILLIS);
      LOG.warn(
          "what is known of domains{} is in another tokenizer's tokens and is forgotten: samples"
              + " that name theirs say it anew, and those without open none for {} minutes",
          getCurrentKey().equals("") ? "" : " of " + getCurrentKey(),
          SETTLES_MILLIS / 60_000);
    }
  }

  private boolean mayOpen() throws Exception {
    Long from = opens.value();
    return from == null || now() >= from;
  }

  private long now() {
    return getProcessingTimeService().getCurrentProcessingTime();
  }

  private long number() throws Exception {
    Long known = next.value();
    long number = known == null ? 0 : known;
    next.update(number + 1);
    return number;
  }

  private void pass(long number, String domain) throws Exception {
    Sample sample = waiting.get(number);
    waiting.remove(number);
    figures.assigned(sample.tenant(), domain);
    output.collect(new StreamRecord<>(sample.withDomain(domain)));
  }

  /** Ends a wait: with the domain that the sample is not too unlike, or with a refusal. */
  private void leave(DomainFinder finder, long number) throws Exception {
    String domain = finder.leave(number);
    if (domain != null) {
      pass(number, domain);
      return;
    }
    Sample sample = waiting.get(number);
    waiting.remove(number);
    String why =
        "like no known domain, and no %d samples agreed on a new one".formatted(unlabelled.agree());
    refuse(sample, Reason.DOMAIN_UNKNOWN, why);
  }

  private void refuse(Sample sample, Reason reason, String why) {
    figures.refused();
    output.collect(Outputs.REJECTED, new StreamRecord<>(Labelled.refusal(sample, reason, why)));
  }

  @Override
  public void onProcessingTime(InternalTimer<String, Long> timer) throws Exception {
    long number = timer.getNamespace();
    if (!waiting.contains(number)) {
      return;
    }
    long due = timer.getTimestamp();
    if (due < firstEnd || StoppedInput.isLikely(getContainingTask(), due, now())) {
      waitASpan(number);
    } else {
      leave(finder(), number);
    }
  }

  @Override
  public void onEventTime(InternalTimer<String, Long> timer) {
    throw new IllegalStateException("no wait ends by event time");
  }

  /** Nobody comes any more to agree with those that wait. */
  @Override
  public void endInput() throws Exception {
    for (String key : Keys.with(getKeyedStateBackend(), WAITING)) {
      setCurrentKey(key);
      DomainFinder finder = finder();
      List<Long> numbers =
          StreamSupport.stream(waiting.keys().spliterator(), false).sorted().toList();
      for (long number : numbers) {
        leave(finder, number);
      }
    }
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    Set<String> idle = new HashSet<>();
    for (Map.Entry<String, DomainFinder> tenant : tenants.entrySet()) {
      Map<String, byte[]> changes = tenant.getValue().changes();
      if (changes.isEmpty() && tenant.getValue().waiting() == 0) {
        idle.add(tenant.getKey());
      }
      setCurrentKey(tenant.getKey());
      write(changes);
    }
    tenants.keySet().removeAll(idle);
  }

  private void write(Map<String, byte[]> changes) throws Exception {
    for (Map.Entry<String, byte[]> change : changes.entrySet()) {
      if (change.getValue().length == 0) {
        domains.remove(change.getKey());
      } else {
        domains.put(change.getKey(), change.getValue());
      }
    }
  }

  @Override
  public void close() throws Exception {
    IOUtils.closeAll(super::close, opened);
  }
}
