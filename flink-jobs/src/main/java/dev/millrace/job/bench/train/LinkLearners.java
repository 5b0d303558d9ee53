package dev.millrace.job.bench.train;

import dev.millrace.adapter.Learner;
import dev.millrace.adapter.LearnerState;
import dev.millrace.adapter.Outcome;
import dev.millrace.adapter.exchange.Call;
import dev.millrace.adapter.exchange.DataParallelTrainers;
import dev.millrace.adapter.exchange.Order;
import dev.millrace.adapter.exchange.Processes;
import dev.millrace.adapter.exchange.Report;
import dev.millrace.adapter.exchange.Trainee;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Terms;
import dev.millrace.adapter.train.TrainPrecision;
import dev.millrace.adapter.train.Training;
import dev.millrace.job.Openers;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.Opener;
import dev.millrace.job.operator.learn.LearnerOpener;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.TrainingBatch;
import dev.millrace.schema.Verdict;
import java.util.List;
import java.util.Map;
import org.apache.flink.util.IOUtils;
import org.jspecify.annotations.Nullable;

/**
 * Learners of the learn job that only train: a batch is a lesson of given texts, its verdict says
 * how long that took.
 *
 * @param texts (texts)(tokens), gone through again and again
 * @param each texts of a lesson
 */
record LinkLearners(MillraceConfig config, List<int[]> texts, int each) implements LearnerOpener {

  static final String SECONDS = "seconds";

  /** Seconds that a trainer took steps, the mean of all trainers. */
  static final String COMPUTED = "computed";

  /** The same of the slowest trainer of each round. */
  static final String SLOWEST = "slowest";

  @Override
  public Opened<Learner> open(int subtask, Processes processes) throws Exception {
    Opened<Learner> real = Openers.learners(config).open(subtask, processes);
    Opened<Trainee.Means> means = trainers().open(subtask);
    return new Opened<>(
        new Timed(real.value(), this, processes, means.value()),
        () -> IOUtils.closeAll(real, means));
  }

  @Override
  public Opener<Trainee.Means> trainers() {
    return Openers.learners(config).trainers();
  }

  /** Rounds of processes, and how long their trainers took steps in them. */
  private static final class Rounds implements Processes {
    private final Processes processes;
    private double computed;
    private double slowest;

    Rounds(Processes processes) {
      this.processes = processes;
    }

    @Override
    public Call next() {
      computed = 0;
      slowest = 0;
      return processes.next();
    }

    @Override
    public int learners() {
      return processes.learners();
    }

    @Override
    public List<Report> round(List<Order> orders, Governor governor) {
      List<Report> reports = processes.round(orders, governor);
      var took =
          reports.stream()
              .flatMap(report -> report.told().stream())
              .mapToDouble(told -> told.nanos() / 1e9)
              .summaryStatistics();
      computed += took.getAverage();
      slowest += took.getMax();
      return reports;
    }

    @Override
    public void end(List<Order> orders) {
      processes.end(orders);
    }
  }

  /** Trains as the job does, and neither judges nor publishes. */
  private static final class Timed implements Learner {
    private final Learner real;
    private final LinkLearners of;
    private final Terms terms;
    private final Rounds rounds;
    private final DataParallelTrainers trainers;
    private @Nullable AdapterState adapter;

    Timed(Learner real, LinkLearners of, Processes processes, Trainee.Means means) {
      this.real = real;
      this.of = of;
      Routing routing = Routing.topK(means.base().config().router().topK());
      terms = new Terms(ExchangeMaterial.DOMAIN, routing, 1, TrainPrecision.FP32);
      rounds = new Rounds(processes);
      trainers = new DataParallelTrainers(of.config.learn().exchange(), means, rounds);
    }

    @Override
    public Learner settled(@Nullable TrainPrecision found) {
      return this;
    }

    @Override
    public TrainPrecision precision() {
      return TrainPrecision.FP32;
    }

    @Override
    public LearnerState initial(@Nullable String tenant, String domain) {
      return real.initial(tenant, domain);
    }

    @Override
    public Outcome learn(LearnerState state, TrainingBatch batch, Governor governor) {
      long start = System.nanoTime();
      Training training =
          trainers.train(
              adapter == null ? state.adapter() : adapter,
              of.lesson(batch.number()),
              terms,
              governor);
      double seconds = (System.nanoTime() - start) / 1e9;
      if (!training.trouble().isEmpty()) {
        throw new IllegalStateException("training broke off: " + training.trouble());
      }
      adapter = training.state();
      Map<String, Double> figures =
          Map.of(SECONDS, seconds, COMPUTED, rounds.computed, SLOWEST, rounds.slowest);
      Verdict verdict =
          new Verdict(
              batch.tenant(),
              batch.domain(),
              batch.number(),
              null,
              null,
              true,
              List.of(RuleResult.of("time", true, "", figures)),
              of.each,
              training.tokens(),
              Math.round(1e3 * seconds),
              List.of());
      return new Outcome(state, verdict, null);
    }

    @Override
    public Outcome obey(LearnerState state, ReleaseEvent event, Governor governor) {
      return real.obey(state, event, governor);
    }
  }

  private Lesson lesson(long number) {
    int from = (int) (number % (texts.size() / each)) * each;
    return new ExchangeMaterial(texts, List.of()).lesson(from, from + each, number);
  }
}
