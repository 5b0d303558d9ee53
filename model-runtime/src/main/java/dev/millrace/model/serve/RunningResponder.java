package dev.millrace.model.serve;

import dev.millrace.model.align.Input;
import dev.millrace.model.base.DaemonThreads;
import dev.millrace.model.base.Drafts;
import dev.millrace.model.base.Foreground;
import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.cache.AnswerCache.Hit;
import dev.millrace.model.cache.CacheKey;
import dev.millrace.model.cache.CachedAnswer;
import dev.millrace.model.cache.SemanticTier;
import dev.millrace.model.swap.Caller;
import dev.millrace.model.swap.FairThreads;
import dev.millrace.model.swap.Lease;
import dev.millrace.model.swap.ReleaseRefusedException;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Request;
import dev.millrace.schema.Request.Task;
import dev.millrace.schema.TokenLogProb;
import dev.millrace.schema.wire.ErrorLine;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Receive, look up, compute what nobody else does, answer; everything on the stepping thread, but
 * that pictures and sounds are decoded beside it.
 */
final class RunningResponder implements Responder {

  private static final long NO_TICKET = -1;

  private final AnswerCache cache;
  private final Reception reception;

  private final Carriers carriers;
  private final ServeLimits limits;

  /** One for each base that was ever asked, by its id. */
  private final Map<String, Engine> engines = new LinkedHashMap<>();

  private final AnswerWriter writer;
  private final Deadlines deadlines;

  private final Inbox inbox = new Inbox();

  /** All that are in, by ticket. */
  private final Map<Long, Work> works = new HashMap<>();

  /** Tickets that wait for a release that is not in memory, or for media to be decoded. */
  private final Set<Long> fetching = ConcurrentHashMap.newKeySet();

  /** Behind the last of an asker that is decoded, what came after it. */
  private final Map<Asker, Queue<Work>> behind = new HashMap<>();

  /** A picture may take half a second, in which others are to have their tokens. */
  private final FairThreads decoders = new FairThreads(1, new DaemonThreads("millrace-media"));

  private List<Answered> answered = new ArrayList<>();
  private List<Added> added = new ArrayList<>();

  private volatile Drafts drafts = Drafts.NONE;

  private final Foreground foreground;
  private final Foreground.Answerer answerer;

  /** Whose answers go back to no earlier release: what came later gets its release later. */
  private record Asker(@Nullable String tenant, long caller) {}

  RunningResponder(ServingParts parts, ServeLimits limits, int subtask, Foreground foreground) {
    this.foreground = foreground;
    this.answerer = foreground.answerer();
    this.cache = parts.cache();
    this.reception = new Reception(parts, limits);
    this.carriers = parts.carriers();
    this.limits = limits;
    this.writer = new AnswerWriter(subtask, parts.clock());
    this.deadlines = new Deadlines(parts.clock());
  }

  @Override
  public void submit(long ticket, Request request, long caller) {
    inbox.add(() -> begin(ticket, request, caller));
  }

  @Override
  public void cancel(long ticket, String reason) {
    inbox.add(() -> leave(ticket, reason));
  }

  @Override
  public List<Answered> step() throws InterruptedException {
    added = new ArrayList<>();
    if (isIdle()) {
      if (inbox.isEmpty()) {
        foreground.giveBack();
      }
      awaitWord();
    }
    inbox.read();
    for (Work late = deadlines.passed(); late != null; late = deadlines.passed()) {
      leave(late.ticket(), deadlines.reason(late));
      inbox.read();
    }
    answerer.computing(!isIdle());
    engines.values().forEach(engine -> engine.step().forEach(this::stepped));
    if (isIdle()) {
      answerer.computing(false);
    }
    drafts = engines.values().stream().map(Engine::drafts).reduce(Drafts.NONE, Drafts::plus);
    List<Answered> done = answered;
    answered = new ArrayList<>();
    return done;
  }

  private boolean isIdle() {
    return engines.values().stream().allMatch(Engine::isIdle);
  }

  private void tell(Work work, int index, String text, List<TokenLogProb> logProbs) {
    added.add(new Added(work.ticket(), AnswerWriter.chunk(work, index, text, logProbs)));
  }

  @Override
  public List<Added> added() {
    return added;
  }

  private void awaitWord() throws InterruptedException {
    long millis = deadlines.millisToNext();
    Runnable word = inbox.await(millis);
    if (word != null) {
      answerer.computing(true); // before it has run for long beside those that give way
      word.run();
    }
  }

  private void begin(long ticket, Request request, long caller) {
    Work work = reception.receive(ticket, request);
    works.put(ticket, work);
    deadlines.add(work);
    if (work.isDone()) {
      end(work);
    } else if (deadlines.isPassed(work)) {
      leave(ticket, deadlines.reason(work));
    } else if (reception.decodes(request)) {
      decode(work, caller);
    } else {
      beginInTurn(work, caller);
    }
  }

  private void beginInTurn(Work work, long caller) {
    Queue<Work> line = behind.get(new Asker(work.request().tenant(), caller));
    if (line == null) {
      begin(work, caller);
    } else {
      fetching.add(work.ticket());
      line.add(work);
    }
  }

  /** First of all: so a work that waits holds no release, and takes no place in the batch. */
  private void decode(Work work, long caller) {
    fetching.add(work.ticket());
    Asker asker = new Asker(work.request().tenant(), caller);
    Queue<Work> line = new ArrayDeque<>();
    if (caller != Caller.NOBODY) {
      behind.put(asker, line);
    }
    CompletableFuture<Input> decoding =
        CompletableFuture.supplyAsync(() -> decoded(work), decoders.of(asker.tenant()));
    var unused =
        decoding.whenComplete(
            (input, failure) ->
                inbox.tell(
                    () -> {
                      decoded(work, decoding, caller);
                      behind.remove(asker, line);
                      line.stream()
                          .filter(w -> fetching.remove(w.ticket()))
                          .forEach(w -> begin(w, caller));
                    }));
  }

  /** On another thread. */
  private Input decoded(Work work) {
    if (!fetching.contains(work.ticket())) {
      throw new CancellationException("it has left meanwhile");
    }
    return Reception.decoded(work);
  }

  private void decoded(Work work, CompletableFuture<Input> done, long caller) {
    fetching.remove(work.ticket());
    if (work.isDone()) {
      return; // it has left meanwhile
    }
    try {
      work.media(done.join());
    } catch (CompletionException e) {
      work.fail(Reception.reason(Objects.requireNonNullElse(e.getCause(), e)));
    }
    if (work.isDone()) {
      end(work);
    } else {
      begin(work, caller);
    }
  }

  private void begin(Work work, long caller) {
    CompletableFuture<Lease> lease;
    try {
      lease = reception.lease(work.request(), caller);
    } catch (RuntimeException e) {
      work.fail("model-failed: " + ErrorLine.of(e));
      end(work);
      return;
    }
    if (lease.isDone()) {
      arrived(work, lease);
    } else {
      fetching.add(work.ticket());
      var unused = lease.whenComplete((held, failure) -> inbox.tell(() -> arrived(work, lease)));
    }
  }

  /** The release of a work is in memory, or cannot be had. */
  private void arrived(Work work, CompletableFuture<Lease> done) {
    fetching.remove(work.ticket());
    try {
      Lease lease = done.join();
      if (work.isDone()) {
        lease.close(); // it has left meanwhile
        return;
      }
      reception.hold(work, lease);
    } catch (CompletionException e) {
      if (work.isDone()) {
        return;
      }
      work.fail(reason(e));
    }
    if (work.isDone()) {
      end(work);
    } else {
      answer(work);
    }
  }

  private static String reason(CompletionException failure) {
    return failure.getCause() instanceof ReleaseRefusedException refused
        ? String.valueOf(refused.getMessage())
        : "release-unreadable: " + ErrorLine.of(failure);
  }

  private void answer(Work work) {
    CacheKey key = work.key();
    if (key == null) {
      compute(work);
      return;
    }
    Hit hit = cache.ask(key, new Waiting(work));
    if (hit != null) {
      work.found(hit);
      end(work);
    }
  }

  @Override
  public Set<Long> fetching() {
    return Collections.unmodifiableSet(fetching);
  }

  @Override
  public Drafts drafts() {
    return drafts;
  }

  /** A work that waits for what the cache's other tier, or another asker, has to say. */
  private final class Waiting implements AnswerCache.Asker {

    private final Work work;

    Waiting(Work work) {
      this.work = work;
    }

    @Override
    public void found(Hit hit) {
      inbox.tell(() -> endUnlessDone(work, () -> work.found(hit)));
    }

    @Override
    public void failed(String reason) {
      inbox.tell(() -> endUnlessDone(work, () -> work.fail(reason)));
    }

    @Override
    public void compute() {
      inbox.tell(() -> lead(work));
    }

    @Override
    public void compute(SemanticTier.Similar similar) {
      inbox.tell(() -> lead(work, similar));
    }
  }

  private void endUnlessDone(Work work, Runnable result) {
    if (!work.isDone()) {
      result.run();
      end(work);
    }
  }

  private void lead(Work work) {
    work.lead();
    if (work.isDone()) {
      land(work);
    } else {
      compute(work);
    }
  }

  private void lead(Work work, SemanticTier.Similar similar) {
    work.lead();
    if (work.isDone()) {
      work.similar(similar);
      land(work);
    } else if (work.request().exact()) {
      compute(work);
    } else {
      draw(work, similar);
    }
  }

  private void draw(Work work, SemanticTier.Similar similar) {
    reception.read(work);
    if (work.isDone()) {
      end(work);
      return;
    }
    SemanticTier.Own explore = similar.explore();
    if (explore == null) {
      give(work, similar);
    } else {
      generate(work, explore);
    }
  }

  private void compute(Work work) {
    reception.read(work);
    if (work.isDone()) {
      end(work);
    } else if (work.request().task() == Task.GENERATE && !asksSimilar(work)) {
      engine(work).batch().add(work);
    } else {
      engine(work).onePass().add(work);
    }
  }

  /**
   * Whether a similar question's answer would do. What is scored or embedded is the prompt itself,
   * and what is drawn has a seed of its own.
   */
  private boolean asksSimilar(Work work) {
    Request request = work.request();
    return work.leads()
        && !request.exact()
        && request.temperature() == 0
        && request.media() == null
        && cache.semantic().isUp();
  }

  /** A work is done, or embedded to look for a similar one, or could not be. */
  private void stepped(Work work) {
    if (work.isDone()) {
      end(work);
    } else if (work.vector().length == 0) {
      engine(work).batch().add(work);
    } else {
      CacheKey key = Objects.requireNonNull(work.key());
      cache.semantic().ask(reception.scope(work), key, work.vector(), new Similar(work));
    }
  }

  private void give(Work work, SemanticTier.Similar similar) {
    if (!work.isDone()) {
      work.similar(similar);
      work.found(similar.hit());
      end(work);
    }
  }

  /** A work that waits for what a similar question was answered. */
  private final class Similar implements SemanticTier.Asker {

    private final Work work;

    Similar(Work work) {
      this.work = work;
    }

    @Override
    public void found(Hit hit) {
      inbox.tell(() -> endUnlessDone(work, () -> work.found(hit)));
    }

    @Override
    public void similar(SemanticTier.Similar similar) {
      inbox.tell(() -> give(work, similar));
    }

    @Override
    public void compute(SemanticTier.Own own) {
      inbox.tell(() -> generate(work, own));
    }
  }

  private void generate(Work work, SemanticTier.Own own) {
    if (!work.isDone()) {
      work.tells(own);
      engine(work).batch().add(work);
    }
  }

  private Engine engine(Work work) {
    return engines.computeIfAbsent(
        work.lease().base().id(), base -> Engine.on(carriers.of(base), limits, this::tell));
  }

  private void leave(long ticket, String reason) {
    Work work = works.get(ticket);
    if (work != null) {
      engine(work).remove(work);
      work.leave(reason);
      end(work);
    }
  }

  private void end(Work work) {
    land(work);
    answered.add(new Answered(work.ticket(), writer.write(work)));
    works.remove(work.ticket());
    fetching.remove(work.ticket());
    deadlines.remove(work);
    work.close();
  }

  /** Tells those who wait for what this work was to compute. */
  private void land(Work work) {
    CacheKey key = work.key();
    if (key == null || !work.leads()) {
      return;
    }
    CachedAnswer result = work.result();
    String error = work.error();
    SemanticTier.Similar similar = work.similar();
    if (similar != null) {
      cache.giveUp(key, similar); // another's answer is not kept as this one's own
    } else if (work.hasLeft()) {
      cache.giveUp(key);
    } else if (result != null) {
      cache.put(key, result);
    } else if (error != null) {
      cache.fail(key, error);
    }
  }

  @Override
  public @Nullable Answer known(Request request, long caller) {
    if (!request.cached() || request.release() != null || request.isAssigned()) {
      return null; // which release answers takes a while to say
    }
    try (Work work = reception.receive(NO_TICKET, request)) {
      boolean late = deadlines.isPassed(work);
      Lease lease = late || work.isDone() ? null : reception.peek(request, caller);
      if (lease == null) {
        return null;
      }
      reception.hold(work, lease);
      CacheKey key = work.key();
      Hit hit = key == null ? null : cache.near(key);
      if (hit == null) {
        return null;
      }
      work.found(hit);
      return writer.write(work);
    }
  }

  @Override
  public Answer bare(Request request, @Nullable String error) {
    try (Work work = reception.bare(NO_TICKET, request)) {
      if (error != null) {
        work.fail(error);
      }
      return writer.write(work);
    }
  }

  @Override
  public void close() {
    while (!works.isEmpty() || !inbox.close()) {
      inbox.read();
      for (long ticket : List.copyOf(works.keySet())) {
        leave(ticket, "closed");
      }
    }
    decoders.close();
    answerer.computing(false);
    engines.values().forEach(engine -> engine.batch().close());
  }
}
