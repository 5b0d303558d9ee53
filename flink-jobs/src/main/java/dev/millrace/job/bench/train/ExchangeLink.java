package dev.millrace.job.bench.train;

import dev.millrace.adapter.exchange.ExchangeConfig;
import dev.millrace.job.LearnJob;
import dev.millrace.job.bench.measure.Estimate;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.Link;
import dev.millrace.job.embedded.LinkedCluster;
import dev.millrace.job.embedded.TempDirectory;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.schema.TrainingBatch;
import dev.millrace.schema.Verdict;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The learn job's trainers in two task managers with a link of a given speed between them: how long
 * they communicate.
 */
final class ExchangeLink {

  private static final int TRAINERS = 4;
  private static final int SLOTS = 2;

  /** Of a lesson. */
  private static final int STEPS = 4;

  private static final int ROWS = STEPS * TRAINERS * ExchangeMaterial.ROWS;
  private static final int TEXTS = 2 * ROWS;

  /** That count, after one in which states cross. */
  private static final int LESSONS = 2;

  /** Jobs whose fastest says how long steps take: in the first, code is not compiled yet. */
  private static final int WARM_UP = 6;

  private static final double FLAT_SHARE = 0.35;
  private static final double[] TIMES = {0.25, 1, 4, Double.POSITIVE_INFINITY};

  private final Setting setting;
  private final List<int[]> texts;
  private final String store;
  private final Link link;
  private final LinkedCluster cluster;

  /** A way to exchange. */
  private record Way(String name, ExchangeConfig exchange) {}

  /** Each trainer's gradients to who leads, at every step. */
  private static final Way FLAT = way("flat", TRAINERS, 1, "dense");

  /** As shipped, two trainers a task manager. */
  private static final Way OURS =
      way("two levels", 2, ExchangeBenchmark.SHIPPED.steps(), ExchangeBenchmark.SHIPPED.codec());

  private static final List<Way> WAYS = List.of(FLAT, OURS);

  private static Way way(String name, int processes, int steps, String codec) {
    long patience = ExchangeBenchmark.SHIPPED.patienceMillis();
    return new Way(
        name, new ExchangeConfig(processes, TRAINERS / processes, steps, codec, patience));
  }

  /**
   * What a job told of the lessons that count.
   *
   * @param seconds from the beginning of each lesson until all trainers stood at its end
   * @param computed of these a trainer took steps, the mean of all trainers
   * @param slowest the same of the slowest of each round
   * @param bytes that crossed while the whole job ran, both directions together
   */
  private record Took(double seconds, double computed, double slowest, double bytes) {

    /** Percent of the time that a trainer takes no steps. */
    double idle() {
      return 100 * (1 - computed / seconds);
    }

    /** Percent of the time that not even the slowest takes steps. */
    double exchange() {
      return 100 * (1 - slowest / seconds);
    }

    double millisAStep() {
      return 1e3 * seconds / (LESSONS * STEPS);
    }
  }

  private ExchangeLink(
      Setting setting, List<int[]> texts, String store, Link link, LinkedCluster cluster) {
    this.setting = setting;
    this.texts = texts;
    this.store = store;
    this.link = link;
    this.cluster = cluster;
  }

  static Table table(Setting setting) throws Exception {
    List<int[]> texts =
        List.copyOf(ExchangeMaterial.read(setting.nano(), TEXTS, setting.seed()).train());
    try (TempDirectory store = TempDirectory.create();
        Link link = Link.open(setting.progress());
        LinkedCluster cluster = LinkedCluster.start(link, SLOTS)) {
      return new ExchangeLink(setting, texts, ReleaseFiles.uri(store.path()), link, cluster)
          .table();
    }
  }

  private Table table() throws Exception {
    setting.progress().accept("two task managers, a link without limit");
    Map<Way, Double> before = new HashMap<>();
    for (Way way : WAYS) {
      before.put(way, run(way, 0, Double.POSITIVE_INFINITY).bytes);
    }
    Took free = run(FLAT, LESSONS, Double.POSITIVE_INFINITY);
    double computes = free.slowest;
    for (int job = 1; job < WARM_UP; job++) {
      Way way = WAYS.get(job % WAYS.size());
      computes = Math.min(computes, run(way, LESSONS, Double.POSITIVE_INFINITY).slowest);
    }
    double crosses = free.bytes - before.getOrDefault(FLAT, 0.0); // first there, then back
    double speed = crosses / (computes * FLAT_SHARE / (1 - FLAT_SHARE));
    List<Map<Way, List<Took>>> measured = new ArrayList<>();
    for (int i = 0; i < TIMES.length; i++) {
      measured.add(Map.of(FLAT, new ArrayList<>(), OURS, new ArrayList<>()));
    }
    int runs = TIMES.length * WAYS.size();
    for (int round = 0; round < setting.rounds(); round++) {
      for (int turn = 0; turn < runs; turn++) {
        int next = (round + turn) % runs;
        Way way = WAYS.get(next % WAYS.size());
        int at = next / WAYS.size();
        Took took = run(way, LESSONS, TIMES[at] * speed);
        measured.get(at).getOrDefault(way, List.of()).add(took);
        setting.tell(
            "round %d, %.3g Mbit/s, %s: %.1f %% of the time in exchange",
            round + 1, 8e-6 * TIMES[at] * speed, way.name, took.exchange());
      }
    }
    Table table =
        Table.of(
            "The learn job's trainers in two task managers of two, over a link",
            "link Mbit/s each way | flat, dense: %% of the time in exchange (95 %%) | two levels, %s, rounds of %d: %% | %% that a trainer takes no steps, flat | that it takes none, ours | KB a step each way, flat | the same KB, ours | ms a step, flat | ms a step, ours"
                .formatted(ExchangeBenchmark.SHIPPED.codec(), ExchangeBenchmark.SHIPPED.steps()));
    for (int i = 0; i < TIMES.length; i++) {
      row(table, TIMES[i] * speed, measured.get(i), before);
    }
    return table
        .note(
            "Speeds: that at which flat exchange should take %.0f %% of the time, by the bytes that cross there and then back, and the compute time of the fastest of %d jobs without limit, a quarter and four times that, and no limit. The link: %s."
                .formatted(100 * FLAT_SHARE, WARM_UP, link.kind()))
        .note(
            "A job manager and two task managers in processes of their own on this machine, the learn step of the learn job with its trainers, whose learner neither judges nor publishes. Flat: four processes of one trainer, two of them in each task manager. A job a figure, ways and speeds take turns; each job learns a lesson that does not count, then %d of %d steps. In exchange: what the slowest trainer's steps of each round leave of the lesson's time; a trainer that takes no steps waits for others, too. What a lesson's end sends is not waited for. Each trainer computes on one thread. KB: all that crosses, and what Flink adds."
                .formatted(LESSONS, STEPS));
  }

  private void row(
      Table table, double speed, Map<Way, List<Took>> measured, Map<Way, Double> before) {
    List<Took> flat = measured.getOrDefault(FLAT, List.of());
    List<Took> ours = measured.getOrDefault(OURS, List.of());
    table.row(
        Double.isInfinite(speed) ? "no limit" : 8e-6 * speed,
        Estimate.of(flat, Took::exchange),
        Estimate.of(ours, Took::exchange),
        Estimate.of(flat, Took::idle),
        Estimate.of(ours, Took::idle),
        kilobytes(flat, before.getOrDefault(FLAT, 0.0)),
        kilobytes(ours, before.getOrDefault(OURS, 0.0)),
        Estimate.of(flat, Took::millisAStep),
        Estimate.of(ours, Took::millisAStep));
  }

  /** A step, each way. */
  private static double kilobytes(List<Took> took, double before) {
    ToDoubleFunction<Took> each = one -> (one.bytes - before) / (2e3 * LESSONS * STEPS);
    return Estimate.of(took, each).median();
  }

  private Took run(Way way, int lessons, double speed) throws Exception {
    link.speed(speed);
    long crossed = link.bytes();
    MillraceConfig config = config(way.exchange);
    StreamExecutionEnvironment env = cluster.environment();
    var batches =
        env.fromSequence(0, lessons)
            .map(
                number ->
                    new TrainingBatch(null, ExchangeMaterial.DOMAIN, number, List.of(), List.of()))
            .returns(TypeInformation.of(TrainingBatch.class));
    DataStream<Verdict> verdicts =
        LearnJob.learn(env, config, batches, new LinkLearners(config, texts, ROWS));
    double[] sum = new double[3];
    for (Verdict verdict : verdicts.executeAndCollect(way.name, lessons + 2)) { // all there are
      Map<String, Double> figures = verdict.rules().get(0).figures();
      if (verdict.batch() > 0) {
        sum[0] += figures.getOrDefault(LinkLearners.SECONDS, 0.0);
        sum[1] += figures.getOrDefault(LinkLearners.COMPUTED, 0.0);
        sum[2] += figures.getOrDefault(LinkLearners.SLOWEST, 0.0);
      }
    }
    return new Took(sum[0], sum[1], sum[2], link.bytes() - crossed);
  }

  private MillraceConfig config(ExchangeConfig exchange) {
    Map<String, String> set = new HashMap<>();
    set.put("base.dir", setting.nano().toAbsolutePath().toString());
    set.put("store.uri", store);
    set.put("job.parallelism", "1");
    set.put("learn.exchange.processes", String.valueOf(exchange.processes()));
    set.put("learn.exchange.trainers", String.valueOf(exchange.trainers()));
    set.put("learn.exchange.steps", String.valueOf(exchange.steps()));
    set.put("learn.exchange.codec", exchange.codec());
    set.put("learn.plan.threads", "1");
    set.put("learn.train.warmupSteps", "1");
    set.put("learn.train.finalRate", "1");
    set.put("learn.train.rowsPerStep", String.valueOf(ExchangeMaterial.ROWS));
    set.put("learn.train.replayShare", "0");
    set.put("learn.train.anchorShare", "0");
    return MillraceConfig.defaults().with(set);
  }
}
