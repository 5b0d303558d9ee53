package dev.millrace.adapter.exchange;

import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.AnchorDigest;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Plan;
import dev.millrace.adapter.train.Span;
import dev.millrace.adapter.train.Terms;
import dev.millrace.adapter.train.TrainConfig;
import dev.millrace.adapter.train.Trainer;
import dev.millrace.adapter.train.Trainers;
import dev.millrace.adapter.train.Training;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.base.BaseModel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One trainer of a process, for all domains: what it is told to do. It stands at the state that all
 * share, and follows what all found. Nothing that it holds is needed after a restart.
 */
public final class Trainee {

  /**
   * What all trainers work with.
   *
   * @param anchors token sequences of what the base knows, to train beside every lesson
   */
  public record Means(
      BaseModel base, List<int[]> anchors, TrainConfig train, Plan plan, String codec) {}

  private final Means means;
  private final String anchorDigest;
  private final int index;
  private final Kept<AdapterState> kept = new Kept<>();
  private final Map<String, Running> running = new HashMap<>();

  /**
   * A lesson that it is at.
   *
   * @param incumbent the adapter before the lesson
   * @param span of the steps that it takes now, or took last
   */
  private record Running(
      Call call,
      Beginning beginning,
      AdapterWeights incumbent,
      AdapterState state,
      Lesson lesson,
      Terms terms,
      Span span) {
    Running at(AdapterState other, Span next) {
      return new Running(call, beginning, incumbent, other, lesson, terms, next);
    }
  }

  /** Steps to take; pure, so that another thread may take them. */
  public final class Work {
    private final Order order;
    private final Running from;

    private Work(Order order, Running from) {
      this.order = order;
      this.from = from;
    }

    /** What the order says, in words. */
    public String name() {
      return "steps %d to %d of a lesson of %s"
          .formatted(order.from(), order.to() - 1, order.domain());
    }

    /**
     * Takes the steps.
     *
     * @throws java.util.concurrent.CancellationException if the governor gives up
     */
    public Taken run(Governor governor) {
      long start = System.nanoTime();
      Training training =
          Trainers.of(means.base, means.train, means.plan, from.terms)
              .train(from.state, from.incumbent, from.lesson, from.span, governor);
      return new Taken(training, System.nanoTime() - start);
    }
  }

  /**
   * Steps that were taken.
   *
   * @param nanos that they took
   */
  public record Taken(Training training, long nanos) {}

  /**
   * @param index among the process's trainers
   */
  public Trainee(Means means, int index) {
    this.means = means;
    this.anchorDigest = AnchorDigest.of(means.anchors);
    this.index = index;
  }

  /** Takes up an order: follows what all found last. Null if there are no steps to take. */
  public @Nullable Work take(Order order) {
    Beginning beginning = order.beginning();
    if (beginning != null) {
      running.values().removeIf(other -> other.call.isOver(order.call()));
      running.put(order.place(), begin(order, beginning));
    }
    Running now = now(order);
    AdapterState state = order.message().length == 0 ? now.state : follow(now, order.message());
    now = now.at(state, new Span(order.from(), order.to(), now.beginning.steps()));
    running.put(order.place(), now);
    return order.reached().isEmpty() ? new Work(order, now) : null;
  }

  private Running now(Order order) {
    Running now = running.get(order.place());
    if (now == null || !now.call.equals(order.call())) {
      throw new IllegalStateException(
          "round %d of %s of %s came without its beginning"
              .formatted(order.round(), order.call(), order.place()));
    }
    return now;
  }

  private Running begin(Order order, Beginning beginning) {
    requireSame("base", means.base.id(), beginning.base(), order);
    requireSame("anchors", anchorDigest, beginning.anchorDigest(), order);
    Lesson lesson = beginning.shares().get(index).lesson(means.anchors);
    Terms terms =
        new Terms(order.domain(), beginning.routing(), beginning.anchors(), beginning.precision());
    for (String domain : beginning.forgotten()) {
      kept.forget(Order.place(order.process(), domain));
      running.remove(Order.place(order.process(), domain));
    }
    kept.begin(order.place(), beginning.from(), beginning.lesson());
    Given given = beginning.given();
    AdapterState state = given == null ? known(order, beginning) : given.state();
    kept.keep(order.place(), beginning.from(), beginning.lesson(), state);
    return new Running(
        order.call(),
        beginning,
        state.weights(),
        state,
        lesson,
        terms,
        new Span(0, 0, beginning.steps()));
  }

  /** All read folders of their own; nothing else would notice what differs. */
  private void requireSame(String what, String here, String there, Order order) {
    if (!here.equals(there)) {
      throw new IllegalStateException(
          "trainer %d of %s has %s %s, expected %s, those of learn: base.dir is not the same everywhere"
              .formatted(index, order.place(), what, here, there));
    }
  }

  private AdapterState known(Order order, Beginning beginning) {
    AdapterState state = kept.get(order.place(), beginning.from());
    if (state == null) {
      throw new IllegalStateException(
          "trainer %d of %s holds no state %s, expected one to begin at"
              .formatted(index, order.place(), beginning.from()));
    }
    return state;
  }

  private AdapterState follow(Running now, byte[] message) {
    Exchange exchange = new Exchange(Codecs.named(means.codec), Shape.of(now.state.weights()));
    return Trainer.follow(
        means.train.anchored(now.terms.anchors()), now.state, exchange.receive(message), now.span);
  }

  /**
   * What becomes of an order, once its steps are taken.
   *
   * @param taken null if there were none to take
   * @return null if the lesson has been given up meanwhile
   */
  public @Nullable Update done(Order order, @Nullable Taken taken) {
    Running now = running.get(order.place());
    if (now == null || !now.call.equals(order.call())) {
      return null;
    }
    if (!order.reached().isEmpty()) {
      end(order, now);
    }
    Told told = taken == null ? Told.nothing() : Told.of(taken.training, taken.nanos);
    return new Update(
        order.call(),
        order.round(),
        order.domain(),
        order.process(),
        index,
        Shape.of(now.state.weights()).matrices(),
        !order.reached().isEmpty(),
        taken != null && told.counts() ? taken.training.gradient() : new float[0],
        told);
  }

  private void end(Order order, Running now) {
    String name = Given.name(now.state);
    if (!name.equals(order.reached())) {
      throw new IllegalStateException(
          "trainer %d of %s came to state %s, expected %s"
              .formatted(index, order.place(), name, order.reached()));
    }
    kept.keep(order.place(), name, now.beginning.lesson(), now.state);
    running.remove(order.place());
  }

  /** Lessons that it is at. */
  int lessons() {
    return running.size();
  }

  /** States that it holds. */
  int held() {
    return kept.size();
  }
}
