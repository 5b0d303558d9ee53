package dev.millrace.job.bench.serve;

import dev.millrace.adapter.align.AlignmentLearner;
import dev.millrace.job.Openers;
import dev.millrace.job.bench.measure.Estimate;
import dev.millrace.job.bench.measure.Lap;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.operator.DomainKey;
import dev.millrace.job.operator.KeyedAnswer;
import dev.millrace.job.operator.KeyedRequest;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.Opener;
import dev.millrace.job.operator.learn.ScoreOperator;
import dev.millrace.job.operator.serve.ServeOperatorFactory;
import dev.millrace.job.operator.serve.Serving;
import dev.millrace.model.score.Scored;
import dev.millrace.model.score.Scorer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import dev.millrace.schema.Sample;
import dev.millrace.schema.ScoredSample;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** Each stage in a job of its own, with one subtask and with two, with the model and without. */
final class ScaleStages {

  private static final int DOMAINS = 64;
  private static final int BYTES = 320;
  private static final int LEAST_BYTES = 200;

  /** The jobs run in this process: they find their texts here. */
  private static volatile List<String> texts = List.of();

  private ScaleStages() {}

  /**
   * A stage.
   *
   * @param few records of the shorter of two jobs, whose difference counts
   */
  private record Stage(String label, long few, long many, Build build) {}

  /** Adds a stage to a job. */
  @FunctionalInterface
  private interface Build {
    void add(StreamExecutionEnvironment env, long records);
  }

  /** What a job took. */
  private record Took(double seconds, double cpuSeconds) {}

  static Table measure(Setting setting) throws Exception {
    return measure(setting, new Sizes(20_000, 420_000, 100, 500));
  }

  /**
   * How many records the jobs have.
   *
   * @param few without the model, in the shorter of two jobs, whose difference counts
   * @param readFew the same with the model
   */
  record Sizes(long few, long many, long readFew, long readMany) {}

  static Table measure(Setting setting, Sizes n) throws Exception {
    texts = ScaleSizes.texts(BYTES, LEAST_BYTES, setting.seed());
    MillraceConfig config =
        MillraceConfig.defaults()
            .with(Map.of("base.dir", setting.nano().toString(), "serve.whenFull", "wait"));
    Opener<Serving> servings = Openers.serving(config);
    List<Stage> stages =
        List.of(
            new Stage(
                "serve, the model's cost removed",
                n.few,
                n.many,
                (env, count) -> serve(env, count, config, withoutModel(servings))),
            new Stage(
                "serve",
                n.readFew,
                n.readMany,
                (env, count) -> serve(env, count, config, servings)),
            new Stage(
                "score, the model's cost removed",
                n.few,
                n.many,
                (env, count) -> score(env, count, config, subtask -> accepting())),
            new Stage(
                "score",
                n.readFew,
                n.readMany,
                (env, count) -> score(env, count, config, Openers.scorers(config))));
    Table table =
        Table.of(
            "Stages with one subtask and with two",
            "stage | records/s, one (95 %) | records/s, two (95 %) | two over one (95 %) | CPU µs a record, one | CPU µs a record, two");
    Opened<Serving> held = servings.open(0); // the base stays open between the jobs
    try {
      for (Stage stage : stages) {
        row(table, stage, setting);
      }
    } finally {
      held.close();
    }
    return table.note(
        "A job of a source, an exchange by key, the stage and a sink that drops everything; its"
            + " time with many records less that with few. One and two take turns; a ratio is of"
            + " jobs of one round. Processor time is that of the process and does not depend on who"
            + " else uses the machine. SCORE of about 80 tokens, past the caches; samples of 200 to"
            + " 320 bytes in "
            + DOMAINS
            + " domains.");
  }

  private static void row(Table table, Stage stage, Setting setting) throws Exception {
    double[][] perSecond = new double[2][setting.rounds()];
    double[][] micros = new double[2][setting.rounds()];
    run(stage, stage.few, 2); // warms up
    for (int round = 0; round < setting.rounds(); round++) {
      for (int turn = 0; turn < 2; turn++) {
        int more = (round + turn) % 2;
        Took few = run(stage, stage.few, 1 + more);
        Took many = run(stage, stage.many, 1 + more);
        double records = stage.many - stage.few;
        perSecond[more][round] = records / (many.seconds - few.seconds);
        micros[more][round] = 1e6 * (many.cpuSeconds - few.cpuSeconds) / records;
      }
      setting.tell("%s, round %d", stage.label, round + 1);
    }
    table.row(
        stage.label,
        Estimate.of(perSecond[0]),
        Estimate.of(perSecond[1]),
        Estimate.ofRatios(perSecond[1], perSecond[0]),
        Estimate.of(micros[0]).median(),
        Estimate.of(micros[1]).median());
  }

  private static Took run(Stage stage, long records, int parallelism) throws Exception {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    env.setParallelism(parallelism);
    env.getConfig().enableObjectReuse();
    stage.build.add(env, records);
    long cpu = Lap.processNanos();
    double seconds = env.execute(stage.label).getNetRuntime(TimeUnit.MILLISECONDS) / 1e3;
    return new Took(seconds, (Lap.processNanos() - cpu) / 1e9);
  }

  private static void serve(
      StreamExecutionEnvironment env,
      long records,
      MillraceConfig config,
      Opener<Serving> servings) {
    DataStream<ReleaseEvent> none = noEvents(env);
    env.fromSequence(1, records)
        .map(ScaleStages::question, TypeInformation.of(KeyedRequest.class))
        .partitionCustom(Math::floorMod, asked -> asked.request().id().hashCode())
        .connect(none.broadcast())
        .transform(
            "serve",
            TypeInformation.of(KeyedAnswer.class),
            ServeOperatorFactory.of(servings, config.serve()))
        .sinkTo(new DiscardingSink<>());
  }

  private static void score(
      StreamExecutionEnvironment env, long records, MillraceConfig config, Opener<Scorer> scorers) {
    env.fromSequence(1, records)
        .map(ScaleStages::sample, TypeInformation.of(Sample.class))
        .keyBy(DomainKey::of, Types.STRING)
        .connect(noEvents(env).keyBy(DomainKey::of, Types.STRING))
        .transform(
            "score",
            TypeInformation.of(ScoredSample.class),
            new ScoreOperator(
                scorers,
                subtask -> new Opened<>(AlignmentLearner.none("texts alone"), () -> {}),
                config.score().memory(),
                1))
        .sinkTo(new DiscardingSink<>());
  }

  static DataStream<ReleaseEvent> noEvents(StreamExecutionEnvironment env) {
    return env.fromSequence(1, 1)
        .filter(n -> false)
        .map(ScaleStages::never, TypeInformation.of(ReleaseEvent.class));
  }

  private static ReleaseEvent never(long n) {
    throw new IllegalStateException("release " + n + ", expected none");
  }

  private static Opener<Serving> withoutModel(Opener<Serving> servings) {
    return subtask -> {
      Opened<Serving> opened = servings.open(subtask);
      Serving real = opened.value();
      return new Opened<>(
          new Serving(new AtOnce(real.responder()), real.releases(), real.cache()),
          opened.resources());
    };
  }

  private static Opened<Scorer> accepting() {
    return new Opened<>(
        (sample, memory) ->
            new Scored.Accepted(new ScoredSample(sample, new int[0], 0, 0, 0, false)),
        () -> {});
  }

  private static KeyedRequest question(long n) {
    return new KeyedRequest(
        null,
        Request.builder("q" + n, Request.Task.SCORE, n + " " + text(n))
            .cached(false)
            .origin(new Origin("requests", 0, n))
            .build());
  }

  private static Sample sample(long n) {
    return Sample.ofText(
        "s" + n,
        "bench",
        "document " + n,
        "domain-" + n % DOMAINS,
        text(n),
        n,
        new Origin("samples", 0, n));
  }

  private static String text(long n) {
    return texts.get((int) (n % texts.size()));
  }
}
