package dev.millrace.job.bench.serve;

import dev.millrace.job.Openers;
import dev.millrace.job.ServeJob;
import dev.millrace.job.bench.measure.Estimate;
import dev.millrace.job.bench.measure.Lap;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.operator.KeyedAnswer;
import dev.millrace.job.operator.KeyedRequest;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.Opener;
import dev.millrace.job.operator.serve.ServeOperatorFactory;
import dev.millrace.job.operator.serve.Serving;
import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.cache.CacheKey;
import dev.millrace.model.cache.CacheKeys;
import dev.millrace.model.cache.CachedAnswer;
import dev.millrace.model.cache.RemoteTier;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** What a hit in the cache costs: at the operator inside Flink, and by itself. */
final class HitRate {

  private static final int QUESTIONS = 1_000;
  private static final long FEW = 50_000;
  private static final long MANY = 1_500_000;
  private static final int LOOK_UPS = 200_000;
  private static final byte[] SECRET = new byte[16];

  private HitRate() {}

  static Table measure(Setting setting) throws Exception {
    List<Double> perSecond = new ArrayList<>();
    List<Double> micros = new ArrayList<>();
    Opener<Serving> servings = servings(setting.nano().toString());
    Opened<Serving> opened = servings.open(0); // holds what the jobs share
    try {
      setting.progress().accept("answering " + QUESTIONS + " questions once");
      opened
          .value()
          .responder()
          .respond(LongStream.range(0, QUESTIONS).mapToObj(HitRate::request).toList());
      lookUps();
      job(FEW, servings);
      for (int round = 0; round < setting.rounds(); round++) {
        double few = job(FEW, servings);
        double many = job(MANY, servings);
        perSecond.add((MANY - FEW) / (many - few));
        micros.add(lookUps());
        setting
            .progress()
            .accept("round " + (round + 1) + ": " + perSecond.get(round).intValue() + " hits/s");
      }
    } finally {
      opened.close();
    }
    return new Table("Answers that this process keeps", "figure", "median (95 %)")
        .row("hits a second at the operator, one subtask", Estimate.of(perSecond, v -> v))
        .row(
            "µs for a hit, its key included, one thread's processor time",
            Estimate.of(micros, v -> v))
        .note(
            "The operator: a job of a source, the serve operator and a sink that drops everything, with %d requests and with %d; the difference, so that starting the job does not count."
                .formatted(MANY, FEW));
  }

  /** Seconds of a job that answers so many questions from the cache. */
  private static double job(long requests, Opener<Serving> servings) throws Exception {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    env.setParallelism(1);
    env.setBufferTimeout(ServeJob.BUFFER_TIMEOUT.toMillis());
    env.getConfig().enableObjectReuse();
    DataStream<KeyedRequest> questions =
        env.fromSequence(1, requests)
            .map(HitRate::question, TypeInformation.of(KeyedRequest.class));
    questions
        .connect(ScaleStages.noEvents(env).broadcast())
        .transform(
            "serve",
            TypeInformation.of(KeyedAnswer.class),
            ServeOperatorFactory.of(servings, MillraceConfig.defaults().serve()))
        .sinkTo(new DiscardingSink<>());
    return env.execute("hits").getNetRuntime(TimeUnit.MILLISECONDS) / 1e3;
  }

  private static KeyedRequest question(long n) {
    return new KeyedRequest(null, request(n));
  }

  private static Request request(long n) {
    return Request.builder(
            "q" + n,
            Request.Task.SCORE,
            "What is known of the number " + n % QUESTIONS + ", and who has asked for it before?")
        .origin(new Origin("requests", 0, n))
        .build();
  }

  /** The real responder on nano. */
  private static Opener<Serving> servings(String nano) {
    return Openers.serving(MillraceConfig.defaults().with(Map.of("base.dir", nano)));
  }

  /** Microseconds of a look-up with its key. */
  private static double lookUps() throws Exception {
    try (AnswerCache cache = AnswerCache.of(64L << 20, RemoteTier.none(), SECRET)) {
      CacheKeys keys = CacheKeys.of(SECRET);
      List<Request> asked = new ArrayList<>();
      for (long n = 0; n < QUESTIONS; n++) {
        Request request = request(n);
        CacheKey key = keys.key(request, "base");
        cache.put(key, new CachedAnswer("", -1, 20, new float[0]));
        asked.add(request);
      }
      Lap lap =
          Lap.ofThisThread(
              0.3,
              () -> {
                int hits = 0;
                for (int i = 0; i < LOOK_UPS; i++) {
                  CacheKey key = keys.key(asked.get(i % QUESTIONS), "base");
                  hits += cache.near(key) == null ? 0 : 1;
                }
                return hits;
              });
      return 1e6 * lap.cpuSeconds() / lap.units();
    }
  }
}
