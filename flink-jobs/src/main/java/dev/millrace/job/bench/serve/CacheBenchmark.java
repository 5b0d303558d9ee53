package dev.millrace.job.bench.serve;

import dev.millrace.job.bench.measure.Benchmark;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.cache.CacheKey;
import dev.millrace.model.cache.CacheKeys;
import dev.millrace.model.cache.CachedAnswer;
import dev.millrace.model.cache.RemoteTier;
import dev.millrace.schema.Request;
import java.util.ArrayList;
import java.util.List;

/** What a hit costs, and how many hits there are beside the most that there could be. */
public final class CacheBenchmark implements Benchmark {

  private static final int REQUESTS = 300_000;
  private static final int QUESTIONS = 20_000;
  private static final byte[] SECRET = new byte[16];

  /** Of each answer: as long as one of some fifty tokens. */
  private static final String TEXT = "a".repeat(200);

  /** Requests after which one question in a hundred is replaced by one never asked before. */
  private static final int SLOWLY = 10_000;

  private static final List<Integer> DRIFTS = List.of(0, SLOWLY, 2_000);
  private static final List<Double> EXPONENTS = List.of(0.9, 1.1, 1.3);

  private static final List<Integer> PERCENTS = List.of(1, 5, 20, 50);

  @Override
  public List<Table> run(Setting setting) throws Exception {
    List<Table> tables = new ArrayList<>();
    tables.add(hits(setting));
    tables.add(exponents(setting));
    tables.add(HitRate.measure(setting));
    tables.addAll(SemanticBounds.measure(setting));
    return tables;
  }

  /** Hits in a stream of requests, in percent of them, by who decides which answers stay. */
  private record Hits(int fit, double ours, double lru, double popular, double belady) {}

  private static Hits count(DriftingZipf zipf, int drift, int percent, Setting setting) {
    long bytes = QUESTIONS * percent / 100 * bytesOfOne();
    int fit = fit(bytes);
    int[] questions = zipf.draw(REQUESTS, QUESTIONS, drift, setting.seed());
    setting.progress().accept(zipf + ", drift " + drift + ", " + percent + " % fit");
    return new Hits(
        fit,
        100.0 * ours(questions, bytes) / REQUESTS,
        100.0 * Replacement.lru(questions, fit) / REQUESTS,
        100 * zipf.shareOfTop(fit, QUESTIONS),
        100.0 * Replacement.belady(questions, fit) / REQUESTS);
  }

  private static Table hits(Setting setting) {
    Table table =
        Table.of(
            "Hits in %,d requests for %,d questions, Zipf %s"
                .formatted(REQUESTS, QUESTIONS, EXPONENTS.get(0)),
            "one in a hundred new each | answers that fit | hits % | LRU | most popular | Belady's | of Belady's %");
    for (int drift : DRIFTS) {
      for (int percent : PERCENTS) {
        Hits hits = count(new DriftingZipf(EXPONENTS.get(0)), drift, percent, setting);
        table.row(
            drift == 0 ? "never" : "%,d requests".formatted(drift),
            hits.fit,
            hits.ours,
            hits.lru,
            hits.popular,
            hits.belady,
            100 * hits.ours / hits.belady);
      }
    }
    return table.note(
        "The cache in process, as the serve operator asks it. Belady's sees what will be asked: no"
            + " cache of the same number of answers has more hits. Most popular: the share of the"
            + " requests that ask for one of those that fit and are asked most; a cache that does not"
            + " know which request comes next can expect no more.");
  }

  /** Where a cache can come near Belady's at all. */
  private static Table exponents(Setting setting) {
    Table table =
        Table.of(
            "The same by exponent, one in a hundred new each %,d requests".formatted(SLOWLY),
            "Zipf | answers that fit | hits % | Belady's | of Belady's % | most popular, of Belady's %");
    for (double exponent : EXPONENTS) {
      for (int percent : PERCENTS) {
        Hits hits = count(new DriftingZipf(exponent), SLOWLY, percent, setting);
        table.row(
            Double.toString(exponent),
            hits.fit,
            hits.ours,
            hits.belady,
            100 * hits.ours / hits.belady,
            100 * hits.popular / hits.belady);
      }
    }
    return table;
  }

  /** Bound of a cache by the answers that it then holds. */
  private static long bytesOfOne() {
    int probes = 1_000;
    long bytes = 1;
    while (fit(bytes) < probes) {
      bytes *= 2;
    }
    return (long) Math.ceil((double) bytes / fit(bytes));
  }

  /** How many answers fit. */
  private static int fit(long bytes) {
    return kept(bytes, QUESTIONS + 1);
  }

  /** How many answers of so many are kept, each to a question of its own. */
  static int kept(long bytes, int questions) {
    try (AnswerCache cache = AnswerCache.of(bytes, RemoteTier.none(), SECRET)) {
      CacheKeys keys = CacheKeys.of(SECRET);
      int fit = 0;
      for (int question = 0; question < questions; question++) {
        cache.put(keys.key(request(question), "base"), answer());
      }
      for (int question = 0; question < questions; question++) {
        fit += cache.near(keys.key(request(question), "base")) == null ? 0 : 1;
      }
      return fit;
    }
  }

  private static long ours(int[] questions, long bytes) {
    try (AnswerCache cache = AnswerCache.of(bytes, RemoteTier.none(), SECRET)) {
      CacheKeys keys = CacheKeys.of(SECRET);
      List<CacheKey> known = new ArrayList<>();
      long hits = 0;
      for (int question : questions) {
        while (known.size() <= question) {
          known.add(keys.key(request(known.size()), "base"));
        }
        if (cache.near(known.get(question)) != null) {
          hits++;
        } else {
          cache.put(known.get(question), answer());
        }
      }
      return hits;
    }
  }

  private static CachedAnswer answer() {
    return new CachedAnswer(TEXT, -1, 20, new float[0]);
  }

  private static Request request(int question) {
    return Request.builder("q", Request.Task.SCORE, "Question " + question).build();
  }
}
