package dev.millrace.job.operator.learn;

import dev.millrace.adapter.Forgotten;
import dev.millrace.adapter.Learner;
import dev.millrace.adapter.LearnerState;
import dev.millrace.adapter.Orders;
import dev.millrace.adapter.Outcome;
import dev.millrace.adapter.UnpublishedException;
import dev.millrace.adapter.Watch;
import dev.millrace.adapter.batch.ReplayBuffer;
import dev.millrace.adapter.batch.Reservoir;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.TrainPrecision;
import dev.millrace.job.StreamRecords;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.assign.Profile;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import dev.millrace.schema.Verdict;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Learns nothing but which samples it was given; each batch takes one permit. */
final class LineageLearner implements Learner {
  /** No order goes to a release of this name. */
  static final String GONE = "gone";

  /** One of this name cannot be read. */
  static final String UNREADABLE = "unreadable";

  final Semaphore permits;
  volatile boolean busy;
  final AtomicInteger learned = new AtomicInteger();
  final AtomicInteger triedInVain = new AtomicInteger();
  volatile @Nullable RuntimeException failure;
  volatile boolean storeIsAway;
  volatile boolean storeIsFull;
  volatile TrainPrecision precision = TrainPrecision.FP32;

  /** Whether each batch ends the trial of the release before. */
  volatile boolean tries;

  LineageLearner(int permits) {
    this.permits = new Semaphore(permits);
  }

  @Override
  public Learner settled(@Nullable TrainPrecision found) {
    precision = found == null ? precision : found;
    return this;
  }

  @Override
  public TrainPrecision precision() {
    return precision;
  }

  @Override
  public LearnerState initial(@Nullable String tenant, String domain) {
    AdapterWeights none = new LoraWeights(new LoraConfig(1, 1, false, List.of()), List.of());
    return new LearnerState(
        AdapterState.fresh(none),
        ReplayBuffer.empty(1),
        List.of(),
        Reservoir.empty(1),
        null,
        List.of(),
        0,
        Profile.empty(),
        Orders.NONE,
        null,
        Watch.NONE,
        Forgotten.NONE,
        "",
        null);
  }

  @Override
  public Outcome learn(LearnerState state, TrainingBatch batch, Governor governor) {
    busy = true;
    try {
      permits.acquire();
      if (failure != null) {
        throw failure;
      }
      if (!governor.proceed()) {
        throw new CancellationException("given up");
      }
      learned.incrementAndGet();
      return published(outcome(state, batch));
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    } finally {
      busy = false;
    }
  }

  private Outcome published(Outcome outcome) {
    if (storeIsFull) {
      triedInVain.incrementAndGet();
      throw new UnpublishedException(
          new UncheckedIOException(new IOException("the store is full")), () -> published(outcome));
    }
    return outcome;
  }

  /**
   * From here on the lineage begins with the release's name. What is to be forgotten are the names
   * of releases that are learned again, each of which takes one permit.
   */
  @Override
  public Outcome obey(LearnerState state, ReleaseEvent event, Governor governor) {
    if (storeIsAway || event.release().equals(UNREADABLE)) {
      triedInVain.incrementAndGet();
      throw new UncheckedIOException(new IOException("the store is away"));
    }
    if (state.learnsAgain()) {
      awaitPermit();
      String again = "again " + state.forgotten().again().get(0);
      List<String> left = state.forgotten().again().subList(1, state.forgotten().again().size());
      TrainingBatch batch =
          new TrainingBatch(event.tenant(), event.domain(), 0, List.of(), List.of());
      return new Outcome(
          at(again, state, List.of(), state.batches(), left, Orders.NONE),
          verdict(batch, state, again),
          event(batch, state, again));
    }
    boolean obeys = !event.release().equals(GONE);
    Orders orders = new Orders(event.origin(), false);
    LearnerState next =
        obeys
            ? at(event.release(), state, List.of(), state.batches(), event.forgotten(), orders)
            : state;
    String trouble = obeys ? "" : "it is gone";
    Verdict verdict =
        Verdict.onOrder(
            event, state.batches(), event.release(), state.release(), trouble, Map.of());
    return new Outcome(next, verdict, null);
  }

  private void awaitPermit() {
    try {
      permits.acquire();
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static LearnerState at(
      String release,
      LearnerState state,
      List<Origin> learned,
      long batches,
      List<String> again,
      Orders orders) {
    return new LearnerState(
        state.adapter(),
        state.replay(),
        state.waiting(),
        state.heldOut(),
        release,
        learned,
        batches,
        state.profile(),
        orders,
        null,
        Watch.NONE,
        new Forgotten(List.of(), again),
        "",
        null);
  }

  private Outcome outcome(LearnerState state, TrainingBatch batch) {
    List<Origin> learned = new ArrayList<>(state.learnedTo());
    batch.samples().forEach(sample -> learned.add(sample.sample().origin()));
    String from = state.orders().obeyed() == null ? "" : state.release() + ", ";
    String release = from + batch.domain() + learned.stream().map(Origin::offset).toList();
    LearnerState next =
        at(release, state, List.copyOf(learned), state.batches() + 1, List.of(), Orders.NONE);
    ReleaseEvent promoted =
        tries && state.release() != null ? event(batch, state, state.release()) : null;
    return new Outcome(
        next, verdict(batch, state, release), promoted, event(batch, state, release), null);
  }

  private static Verdict verdict(TrainingBatch batch, LearnerState state, String release) {
    return new Verdict(
        batch.tenant(),
        batch.domain(),
        batch.number(),
        release,
        state.release(),
        true,
        List.of(),
        batch.samples().size(),
        0,
        0,
        batch.samples().stream().map(ScoredSample::quality).toList());
  }

  private static ReleaseEvent event(TrainingBatch batch, LearnerState state, String release) {
    ReleaseEvent event =
        StreamRecords.event(
            batch.domain(),
            ReleaseEvent.Kind.ADAPTER,
            ReleaseEvent.Action.PUBLISH,
            release,
            state.release(),
            batch.number(),
            -1);
    return StreamRecords.ofTenant(batch.tenant(), event);
  }
}
