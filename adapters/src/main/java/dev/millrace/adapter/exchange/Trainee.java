package dev.millrace.adapter.exchange;

import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Parameters;
import dev.millrace.adapter.train.Plan;
import dev.millrace.adapter.train.Span;
import dev.millrace.adapter.train.Terms;
import dev.millrace.adapter.train.TrainConfig;
import dev.millrace.adapter.train.Trainers;
import dev.millrace.adapter.train.Training;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.kinds.AdapterCodec;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One trainer of a process, for all domains: what it is told to do, and what it keeps. It stands at
 * the weights that all share, with moments of its own, which it never sends.
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
  private final int index;
  private final Kept<AdapterState> kept = new Kept<>();
  private final Map<String, Running> running = new HashMap<>();

  /** A lesson that it is at. */
  private record Running(Call call, long name, AdapterState state, Lesson lesson, Terms terms) {
    Running at(AdapterState other) {
      return new Running(call, name, other, lesson, terms);
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
    public Training run(Governor governor) {
      return Trainers.of(means.base, means.train, means.plan, from.terms)
          .train(from.state, from.lesson, new Span(order.from(), order.to()), governor);
    }
  }

  /**
   * @param index among the process's trainers
   */
  public Trainee(Means means, int index) {
    this.means = means;
    this.index = index;
  }

  /** Takes up an order: follows what all sent last. Null if there are no steps to take. */
  public @Nullable Work take(Order order) {
    Beginning beginning = order.beginning();
    if (beginning != null) {
      running.put(order.place(), begin(order, beginning));
    }
    Running now = now(order);
    if (!order.messages().isEmpty()) {
      now = now.at(follow(now.state, order.messages()));
      running.put(order.place(), now);
    }
    return order.keep().isEmpty() ? new Work(order, now) : null;
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
    Lesson lesson = beginning.shares().get(index).lesson(means.anchors);
    Terms terms = new Terms(order.domain(), beginning.routing(), beginning.anchors());
    byte[] dense = beginning.dense();
    AdapterWeights given = dense == null ? null : AdapterCodec.decode(dense);
    long name = beginning.lesson();
    kept.begin(order.place(), beginning.from(), name);
    if (beginning.from().isEmpty()) {
      AdapterState fresh = AdapterState.fresh(Objects.requireNonNull(given));
      boolean zero = beginning.first().length == 0;
      AdapterState state =
          new AdapterState(
              fresh.weights(),
              zero ? fresh.first() : beginning.first(),
              zero ? fresh.second() : beginning.second(),
              beginning.step());
      return new Running(order.call(), name, state, lesson, terms);
    }
    AdapterState state = kept.get(order.place(), beginning.from());
    return new Running(order.call(), name, given == null ? state : state.at(given), lesson, terms);
  }

  private AdapterState follow(AdapterState state, List<byte[]> messages) {
    Exchange exchange = new Exchange(Codecs.named(means.codec), Shape.of(state.weights()));
    return state.at(exchange.follow(state.weights(), messages));
  }

  /**
   * What becomes of an order, once its steps are taken.
   *
   * @param training null if there were none to take
   * @return null if the lesson has been given up meanwhile
   */
  public @Nullable Update done(Order order, @Nullable Training training) {
    Running now = running.get(order.place());
    if (now == null || !now.call.equals(order.call())) {
      return null;
    }
    float[] values = new float[0];
    Told told = training == null ? Told.nothing() : Told.of(training);
    if (training != null && told.counts()) {
      AdapterState trained = training.state();
      values = DataParallel.update(Parameters.flatten(now.state.weights()), trained);
      running.put(order.place(), now.at(trained.at(now.state.weights())));
    }
    if (!order.keep().isEmpty()) {
      keep(order, now);
    }
    Beginning beginning = order.beginning();
    return new Update(
        order.call(),
        order.round(),
        order.domain(),
        order.process(),
        index,
        now.name,
        beginning == null ? "" : beginning.from(),
        order.keep(),
        Shape.of(now.state.weights()).matrices(),
        values,
        told);
  }

  private void keep(Order order, Running now) {
    String digest = TrainingName.digest(now.state.weights());
    if (!order.keep().endsWith(digest)) {
      throw new IllegalStateException(
          "trainer %d of process %d came to weights %s, expected those of training %s"
              .formatted(index, order.process(), digest, order.keep()));
    }
    kept.keep(order.place(), order.keep(), now.name, now.state);
    running.remove(order.place());
  }

  /** All that it keeps. */
  public List<KeptAdapter> state() {
    return kept.all(
        (place, training, lesson, value) ->
            new KeptAdapter(
                place,
                training,
                lesson,
                AdapterCodec.encode(value.weights()),
                value.first(),
                value.second(),
                value.step()));
  }

  /** Takes up what it kept once. */
  public void restore(KeptAdapter one) {
    kept.keep(
        one.place(),
        one.training(),
        one.lesson(),
        new AdapterState(
            AdapterCodec.decode(one.adapter()), one.first(), one.second(), one.step()));
  }
}
