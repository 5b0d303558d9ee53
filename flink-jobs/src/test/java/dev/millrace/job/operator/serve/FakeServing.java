package dev.millrace.job.operator.serve;

import dev.millrace.job.StreamRecords;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.Opener;
import dev.millrace.model.base.Drafts;
import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.cache.RemoteTier;
import dev.millrace.model.serve.Added;
import dev.millrace.model.serve.Answered;
import dev.millrace.model.serve.Responder;
import dev.millrace.model.swap.HotCounts;
import dev.millrace.model.swap.Lease;
import dev.millrace.model.swap.LiveReleases;
import dev.millrace.model.swap.Staged;
import dev.millrace.model.swap.SwapResult;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Chunk;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Answers by the name of the release that was applied last, one at a time, each for a permit; knows
 * every request that begins with {@code known}; lets those that begin with {@code cold} wait; tells
 * a chunk beside each answer to one that streams, also to one that is cancelled.
 */
public class FakeServing implements Responder, LiveReleases {
  final Semaphore permits;
  private final Set<String> broken;
  private final Map<Long, Request> submitted = new ConcurrentHashMap<>();
  private final BlockingQueue<Long> words = new LinkedBlockingQueue<>();
  private final Queue<Answered> cancelled = new ConcurrentLinkedQueue<>();
  private final Set<Long> waiting = ConcurrentHashMap.newKeySet();
  private final Map<String, CompletableFuture<@Nullable Void>> held = new ConcurrentHashMap<>();
  private final Map<String, String> lost = new ConcurrentHashMap<>();
  private final Set<String> away = ConcurrentHashMap.newKeySet();
  private final Set<String> unheard = ConcurrentHashMap.newKeySet();
  private final List<String> staged = new CopyOnWriteArrayList<>();
  private final List<String> switched = new CopyOnWriteArrayList<>();
  private final BlockingQueue<String> tries = new LinkedBlockingQueue<>();
  private final Queue<SwapResult> found = new ConcurrentLinkedQueue<>();
  private volatile boolean fetched;
  private final Queue<Added> begun = new ConcurrentLinkedQueue<>();
  private List<Added> added = List.of();
  private volatile @Nullable String current;

  public FakeServing(int permits, String... broken) {
    this.permits = new Semaphore(permits);
    this.broken = Set.of(broken);
  }

  Opener<Serving> opener() {
    return subtask -> {
      AnswerCache nothing = AnswerCache.of(0, RemoteTier.none(), new byte[16]);
      return new Opened<>(new Serving(this, this, nothing), nothing);
    };
  }

  @Override
  public void submit(long ticket, Request request, long caller) {
    submitted.put(ticket, request);
    words.add(ticket);
  }

  @Override
  public void cancel(long ticket, String reason) {
    Request request = submitted.remove(ticket);
    waiting.remove(ticket);
    if (request != null) {
      begun.addAll(added(ticket, request));
      cancelled.add(new Answered(ticket, bare(request, reason)));
      words.add(ticket);
    }
  }

  /** Answers what was submitted first, or {@code first}, if it is there. */
  @Override
  public List<Answered> step() throws InterruptedException {
    added = List.of();
    long ticket = words.take();
    Answered gone = cancelled.poll();
    if (gone != null) {
      return gone(gone);
    }
    Request asked = submitted.get(ticket);
    if (asked == null) {
      return List.of();
    }
    if (asked.prompt().startsWith("cold") && !fetched) {
      waiting.add(ticket);
      return List.of();
    }
    while (!permits.tryAcquire(1, TimeUnit.MILLISECONDS)) {
      gone = cancelled.poll();
      if (gone != null) {
        words.add(ticket);
        return gone(gone);
      }
    }
    Request request = submitted.remove(ticket);
    if (request == null) {
      return List.of();
    }
    added = added(ticket, request);
    return List.of(new Answered(ticket, bare(request, null)));
  }

  private List<Answered> gone(Answered gone) {
    added = begun.stream().filter(said -> said.ticket() == gone.ticket()).toList();
    return List.of(gone);
  }

  private List<Added> added(long ticket, Request request) {
    return request.stream()
        ? List.of(
            new Added(
                ticket,
                new Chunk(
                    request.id(), request.origin(), null, 0, "a", current, "base", List.of())))
        : List.of();
  }

  @Override
  public List<Added> added() {
    return added;
  }

  @Override
  public Set<Long> fetching() {
    return Set.copyOf(waiting);
  }

  @Override
  public Drafts drafts() {
    return Drafts.NONE;
  }

  /** What those that begin with {@code cold} wait for is there. */
  void fetched() {
    fetched = true;
    words.addAll(waiting);
    waiting.clear();
  }

  /** Requests that are submitted and not answered. */
  List<String> running() {
    return submitted.values().stream().map(Request::id).sorted().toList();
  }

  @Override
  public @Nullable Answer known(Request request, long caller) {
    return request.prompt().startsWith("known") ? bare(request, null) : null;
  }

  @Override
  public Answer bare(Request request, @Nullable String error) {
    return StreamRecords.answer(request, error, "", current);
  }

  @Override
  public CompletableFuture<SwapResult> apply(ReleaseEvent event, long readMillis) {
    SwapResult result = applied(event);
    tries.add(event.release());
    return unheard.contains(event.release())
        ? new CompletableFuture<>()
        : CompletableFuture.completedFuture(result);
  }

  private @Nullable SwapResult problem(ReleaseEvent event) {
    if (away.contains(event.release())) {
      return new SwapResult(event, Outcome.FAILED, "release-unreadable: the store is away", 0);
    }
    if (broken.contains(event.release())) {
      return new SwapResult(event, Outcome.FAILED, "digest-mismatch: 1, expected 2", 0);
    }
    return null;
  }

  private SwapResult applied(ReleaseEvent event) {
    SwapResult problem = problem(event);
    if (problem != null) {
      return problem;
    }
    current = event.release().isEmpty() ? null : event.release();
    switched.add(event.release());
    return new SwapResult(event, Outcome.SWAPPED, missing(event), 0);
  }

  @Override
  public CompletableFuture<SwapResult> restore(ReleaseEvent event, long readMillis) {
    return apply(event, readMillis);
  }

  @Override
  public CompletableFuture<Staged> stage(ReleaseEvent event, long readMillis) {
    SwapResult problem = problem(event);
    staged.add(event.release());
    if (problem != null) {
      tries.add(event.release());
    }
    return held.getOrDefault(event.release(), CompletableFuture.completedFuture(null))
        .thenApply(nothing -> new FakeStaged(event, problem));
  }

  private String missing(ReleaseEvent event) {
    return lost.getOrDefault(event.release(), "");
  }

  /** From now on a release of that name is followed without being read. */
  void lose(String release, String why) {
    lost.put(release, why);
  }

  /** The next request finds that what an event named is lost. */
  void findLost(ReleaseEvent event, String why) {
    found.add(new SwapResult(event, Outcome.SWAPPED, why, 0));
  }

  @Override
  public List<SwapResult> lost() {
    SwapResult next = found.poll();
    return next == null ? List.of() : List.of(next);
  }

  /** From now on nobody hears that a release of that name was switched to. */
  void unheard(String release) {
    unheard.add(release);
  }

  /** From now on a release of that name cannot be read, and is not followed. */
  public void takeAway(String release) {
    away.add(release);
  }

  /** From now on it can be read again. */
  public void bringBack(String release) {
    away.remove(release);
  }

  /** From now on staging a release of that name takes until this is done. */
  public void hold(String release, CompletableFuture<@Nullable Void> until) {
    held.put(release, until);
  }

  /** Each try to switch to a release, once it has come out, in order. */
  public BlockingQueue<String> tries() {
    return tries;
  }

  /** The releases whose staging has begun, in order. */
  List<String> staged() {
    return List.copyOf(staged);
  }

  /** The releases that were switched to, in order. */
  public List<String> switched() {
    return List.copyOf(switched);
  }

  private final class FakeStaged implements Staged {
    private final ReleaseEvent event;
    private final @Nullable SwapResult problem;

    FakeStaged(ReleaseEvent event, @Nullable SwapResult problem) {
      this.event = event;
      this.problem = problem;
    }

    @Override
    public ReleaseEvent event() {
      return event;
    }

    @Override
    public @Nullable SwapResult problem() {
      return problem;
    }

    @Override
    public String missing() {
      return FakeServing.this.missing(event);
    }

    @Override
    public double millis() {
      return 0;
    }

    @Override
    public CompletableFuture<SwapResult> activate() {
      return apply(event, 0);
    }

    @Override
    public void close() {}
  }

  @Override
  public CompletableFuture<Lease> acquire(
      @Nullable String tenant, @Nullable String domain, long caller) {
    throw new UnsupportedOperationException("the fake answers by itself");
  }

  @Override
  public @Nullable Lease peek(@Nullable String tenant, @Nullable String domain, long caller) {
    throw new UnsupportedOperationException("the fake answers by itself");
  }

  @Override
  public Lease base() {
    throw new UnsupportedOperationException("the fake answers by itself");
  }

  @Override
  public HotCounts counts() {
    return new HotCounts(0, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  @Override
  public CompletableFuture<Lease> assign(@Nullable String tenant, int[] text, long caller) {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletableFuture<Lease> acquirePinned(@Nullable String tenant, String release) {
    throw new UnsupportedOperationException("the fake answers by itself");
  }

  @Override
  public void close() {}
}
