package dev.millrace.job.bench.serve;

import dev.millrace.job.bench.measure.Lap;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.InstalledRedis;
import dev.millrace.job.io.RedisVectorStore;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.cache.ErrorBound;
import dev.millrace.model.cache.SemanticCounts;
import dev.millrace.model.cache.SemanticTier;
import dev.millrace.model.serve.Responder;
import dev.millrace.model.swap.LiveReleases;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Request;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The responder on the base, with a fresh cache and, where a bound is set, a fresh Redis 8. */
record SemanticLoad(BaseModel base, Tokenizer tokenizer, int newTokens) {

  private static final byte[] SECRET = new byte[16];
  private static final int AT_A_TIME = 16;
  private static final double EXPLORE = 0.1;
  private static final int ELEMENTS = 10_000;

  /**
   * What it took.
   *
   * @param answers in the order of the questions
   * @param millis processor time an answer, milliseconds, Redis' included
   */
  record Asked(List<Answer> answers, SemanticCounts counts, double millis) {}

  /** Asks all, similar questions sharing no answers. */
  Asked plain(List<String> questions) throws Exception {
    return lap(questions, SemanticTier.none());
  }

  /** Asks all within a bound. */
  Asked within(double bound, List<String> questions, Path folder, long seed) throws Exception {
    try (InstalledRedis redis = InstalledRedis.start(folder)) {
      MillraceConfig config = MillraceConfig.defaults().with(Map.of("redis.uri", redis.uri()));
      double before = redis.cpuSeconds();
      Asked asked =
          lap(
              questions,
              SemanticTier.of(
                  RedisVectorStore.open(config.redis(), ELEMENTS),
                  SECRET,
                  new ErrorBound(bound, EXPLORE, seed)));
      double redisMillis = 1e3 * (redis.cpuSeconds() - before) / questions.size();
      return new Asked(asked.answers(), asked.counts(), asked.millis() + redisMillis);
    }
  }

  private Asked lap(List<String> questions, SemanticTier semantic) throws Exception {
    try (LiveReleases releases = NanoParts.noReleases(base);
        AnswerCache cache = NanoParts.cache(64L << 20, semantic);
        Responder responder = NanoParts.responder(base, tokenizer, releases, cache)) {
      List<Answer> answers = new ArrayList<>();
      Lap lap =
          Lap.of(
              0,
              () -> {
                ask(responder, questions, answers);
                return questions.size();
              });
      return new Asked(answers, cache.semantic().counts(), 1e3 * lap.cpuSeconds() / lap.units());
    }
  }

  private void ask(Responder responder, List<String> questions, List<Answer> answers) {
    for (int from = 0; from < questions.size(); from += AT_A_TIME) {
      List<Request> requests = new ArrayList<>();
      for (int i = from; i < Math.min(from + AT_A_TIME, questions.size()); i++) {
        requests.add(request(i, questions.get(i)));
      }
      answers.addAll(NanoParts.answers(responder, requests));
    }
  }

  private Request request(int number, String prompt) {
    return Request.builder("q" + number, Request.Task.GENERATE, prompt)
        .maxTokens(newTokens)
        .build();
  }
}
