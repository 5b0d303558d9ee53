package dev.millrace.adapter.exchange;

import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.AnchorDigest;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Span;
import dev.millrace.adapter.train.StepLog;
import dev.millrace.adapter.train.Terms;
import dev.millrace.adapter.train.TrainConfig;
import dev.millrace.adapter.train.Trainer;
import dev.millrace.adapter.train.Trainers;
import dev.millrace.adapter.train.Training;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * Deals lessons to the trainers of several processes, and leads them through rounds of some steps
 * each. In a round every trainer takes steps of its own from the state that all share, and tells
 * the mean of the gradients that it met; each process sends the mean of its trainers', and all get
 * back the mean of that, coded again (DoubleSqueeze, arXiv 1905.05957). Then all take as many AdamW
 * steps along it, and stand at one state again, moments included. With a step a round that is AdamW
 * on the gradients of all texts. What comes of a lesson follows from state, lesson and
 * configuration, not from where the trainers run or who is first.
 */
public final class DataParallelTrainers implements Trainers {
  private final ExchangeConfig config;
  private final TrainConfig train;
  private final List<int[]> anchors;
  private final String base;
  private final String anchorDigest;
  private final Processes processes;

  /**
   * Domains whose last lesson a trainer holds, at most; of others a state is sent again. All
   * learners have the same share of them, and of the bytes.
   */
  static final int HELD_DOMAINS = 64;

  /**
   * Bytes of the states that a trainer holds, at most, beside those of the lesson that it is at.
   */
  private static final long HELD_BYTES = 256L << 20;

  private final int heldDomains;
  private final long heldBytes;

  /** Bytes of what the trainers hold since they and this began. */
  private final Kept<Long> held = new Kept<>();

  /** Domains of which they may hold more than they should; the next beginning tells them. */
  private final Set<String> unsure = new LinkedHashSet<>();

  /**
   * Who trains by a configuration.
   *
   * @param processes are asked for nothing if it has one trainer
   */
  public static Trainers of(ExchangeConfig config, Trainee.Means means, Processes processes) {
    return config.isAlone()
        ? Trainers.alone(means.base(), means.train(), means.plan())
        : new DataParallelTrainers(config, means, processes);
  }

  /**
   * @param means as the trainers have them; who has another base or other anchors refuses to begin
   */
  public DataParallelTrainers(ExchangeConfig config, Trainee.Means means, Processes processes) {
    this(config, means, processes, HELD_BYTES);
  }

  DataParallelTrainers(
      ExchangeConfig config, Trainee.Means means, Processes processes, long heldBytes) {
    this.config = config;
    this.train = means.train();
    this.anchors = means.anchors();
    this.base = means.base().id();
    this.anchorDigest = AnchorDigest.of(anchors);
    this.processes = processes;
    this.heldDomains = HELD_DOMAINS / processes.learners();
    this.heldBytes = heldBytes / processes.learners();
  }

  @Override
  public Training train(AdapterState state, Lesson lesson, Terms terms, Governor governor) {
    try {
      return new Run(state, lesson, terms, governor).train();
    } catch (CancellationException e) {
      forget(List.of(terms.domain())); // some trainers may have heard of it, and others not
      throw e;
    }
  }

  private void forget(List<String> domains) {
    domains.forEach(held::forget);
    unsure.addAll(domains);
  }

  /** One lesson. */
  private final class Run {
    private final AdapterState before;
    private final Lesson lesson;
    private final Terms terms;
    private final Governor governor;
    private final Call call = processes.next();
    private final List<Share> shares;
    private final TrainConfig anchored;
    private final int steps;
    private final Exchange exchange;
    private final Tally tally = new Tally();
    private AdapterState shared;
    private float[] memory;
    private byte[] message = new byte[0];

    Run(AdapterState before, Lesson lesson, Terms terms, Governor governor) {
      this.before = before;
      this.lesson = lesson;
      this.terms = terms;
      this.governor = governor;
      shares = Share.deal(lesson, config.all());
      anchored = train.anchored(terms.anchors());
      steps =
          shares.stream()
              .mapToInt(share -> Trainer.steps(anchored, share.lesson(anchors)))
              .max()
              .orElse(0);
      exchange = new Exchange(Codecs.named(config.codec()), Shape.of(before.weights()));
      memory = exchange.noMemory();
      shared = before;
    }

    Training train() {
      if (steps == 0) {
        return tally.training(before, "");
      }
      int rounds = (steps - 1) / config.steps() + 1;
      for (int round = 0; round < rounds; round++) {
        List<Report> reports = round == 0 ? begin() : ask(round, null);
        tally.add(reports);
        if (!tally.trouble.isEmpty()) {
          return tally.training(before, tally.trouble);
        }
        Exchange.Sent sent = exchange.send(found(reports), memory);
        memory = sent.memory();
        message = sent.message();
        shared = Trainer.follow(anchored, shared, sent.received(), span(round));
      }
      String reached = Given.name(shared);
      processes.end(orders(rounds, null, reached));
      keep(reached);
      return tally.training(shared, "");
    }

    private void keep(String name) {
      long bytes = 3L * Float.BYTES * exchange.shape().size();
      held.keep(terms.domain(), name, lesson.seed(), bytes);
    }

    /** The first round. A state travels only where the trainers do not hold it. */
    private List<Report> begin() {
      String from = Given.name(before);
      held.begin(terms.domain(), from, lesson.seed());
      Given given = held.get(terms.domain(), from) == null ? Given.of(before) : null;
      forget(held.beyond(heldDomains, heldBytes, Long::longValue));
      List<String> forgotten = List.copyOf(unsure);
      Beginning beginning =
          new Beginning(
              base,
              anchorDigest,
              lesson.seed(),
              from,
              given,
              forgotten,
              steps,
              terms.routing(),
              terms.anchors(),
              terms.precision(),
              shares);
      List<Report> reports = ask(0, beginning);
      unsure.clear();
      keep(from);
      return reports;
    }

    private List<float[]> found(List<Report> reports) {
      return reports.stream()
          .map(Report::message)
          .filter(one -> one.length > 0)
          .map(exchange::receive)
          .toList();
    }

    private Span span(int round) {
      int from = round * config.steps();
      return new Span(from, from + config.steps(), steps);
    }

    private List<Report> ask(int round, @Nullable Beginning from) {
      return processes.round(orders(round, from, ""), governor);
    }

    private List<Order> orders(int round, @Nullable Beginning from, String reached) {
      Span span = span(round);
      List<Order> orders = new ArrayList<>();
      for (int p = 0; p < config.processes(); p++) {
        Beginning own = from == null ? null : share(from, p);
        orders.add(
            new Order(
                call, round, terms.domain(), p, own, message, span.from(), span.to(), reached));
      }
      return orders;
    }

    private Beginning share(Beginning all, int process) {
      int each = config.trainers();
      return new Beginning(
          all.base(),
          all.anchorDigest(),
          all.lesson(),
          all.from(),
          all.given(),
          all.forgotten(),
          all.steps(),
          all.routing(),
          all.anchors(),
          all.precision(),
          shares.subList(process * each, (process + 1) * each));
    }
  }

  /** What trainers told, together. */
  private static final class Tally {
    private String trouble = "";
    private int steps;
    private long tokens;
    private double worstNorm;

    /**
     * The n-th: the mean of the n-th that each trainer noted, if it came through and noted so many.
     * One notes none at a step without texts, so these may be of several steps.
     */
    private final List<Double> losses = new ArrayList<>();

    void add(List<Report> reports) {
      List<Told> told = reports.stream().flatMap(report -> report.told().stream()).toList();
      told.stream().map(Told::trouble).filter(t -> !t.isEmpty()).findFirst().ifPresent(this::note);
      List<Told> counted = told.stream().filter(Told::counts).toList();
      steps += counted.stream().mapToInt(Told::steps).max().orElse(0);
      for (Told one : counted) {
        tokens += one.tokens();
        worstNorm = Math.max(worstNorm, one.worstNorm());
      }
      addLosses(counted.stream().map(Told::losses).toList());
    }

    private void addLosses(List<List<Double>> each) {
      int most = each.stream().mapToInt(List::size).max().orElse(0);
      for (int step = 0; step < most; step++) {
        int at = step;
        losses.add(
            each.stream()
                .filter(own -> own.size() > at)
                .mapToDouble(own -> own.get(at))
                .average()
                .orElseThrow());
      }
    }

    private void note(String why) {
      trouble = why;
    }

    Training training(AdapterState state, String broke) {
      return new Training(
          state, broke, steps, tokens, worstNorm, new float[0], StepLog.of(List.copyOf(losses)));
    }
  }
}
