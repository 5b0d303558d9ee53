package dev.millrace.job.bench.serve;

import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.embedded.InstalledRedis;
import dev.millrace.job.embedded.TempDirectory;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.cache.SemanticCounts;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.Answer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What sharing answers between similar questions wins, and how many of them are wrong. */
final class SemanticBounds {

  private static final int REQUESTS = 4_000;
  private static final List<Integer> NEW_TOKENS = List.of(1, 4, 32);
  private static final List<Double> BOUNDS = List.of(0.01, 0.05, 0.2);

  /** Greatest 1 − cosine of each row. */
  private static final List<Double> BANDS = List.of(0.001, 0.005, 0.02, 0.1, 2.0);

  private SemanticBounds() {}

  static List<Table> measure(Setting setting) throws Exception {
    List<String> questions = SimilarQuestions.draw(setting.nano(), REQUESTS, setting.seed());
    try (BaseModel base = setting.base();
        Tokenizer tokenizer = setting.tokenizer()) {
      Table won = won();
      List<Map<String, Answer>> own = new ArrayList<>();
      for (int newTokens : NEW_TOKENS) {
        own.add(
            won(won, new SemanticLoad(base, tokenizer, newTokens), newTokens, questions, setting));
      }
      return List.of(nearest(base, tokenizer, questions, own), won);
    }
  }

  private static Table won() {
    Table table =
        Table.of(
            "Similar questions, %,d requests".formatted(REQUESTS),
            "new tokens | bound | looked up | similar | hits won | of them wrong | checked | ms of processor an answer");
    String problem = InstalledRedis.problem();
    return problem == null
        ? table.note(
            "Wrong: the model's own answer, computed in the row without a bound, has another text or"
                + " number of tokens. Processor time of this process and of Redis, over all answers,"
                + " those included that the cache in process gave.")
        : table.note("With bounds not measured: " + problem + ".");
  }

  /** Adds the rows; gives the model's own answers by question. */
  private static Map<String, Answer> won(
      Table table, SemanticLoad load, int newTokens, List<String> questions, Setting setting)
      throws Exception {
    load.plain(questions.subList(0, 200));
    SemanticLoad.Asked plain = load.plain(questions);
    Map<String, Answer> own = new HashMap<>();
    for (int i = 0; i < questions.size(); i++) {
      own.put(questions.get(i), plain.answers().get(i));
    }
    table.row(newTokens, "none", "", "", "", "", "", plain.millis());
    if (InstalledRedis.problem() != null) {
      return own;
    }
    for (double bound : BOUNDS) {
      setting.tell("%d new tokens, bound %s", newTokens, bound);
      try (TempDirectory folder = TempDirectory.create()) {
        SemanticLoad.Asked asked =
            load.within(bound, questions, folder.resolve("redis"), setting.seed());
        int wrong = 0;
        int hits = 0;
        for (int i = 0; i < questions.size(); i++) {
          Answer answer = asked.answers().get(i);
          hits += answer.similarity() > 0 ? 1 : 0;
          wrong += isSame(answer, own.get(questions.get(i))) ? 0 : 1;
        }
        SemanticCounts counts = asked.counts();
        table.row(
            newTokens,
            "%.0f %%".formatted(100 * bound),
            (int) counts.lookups(),
            (int) counts.near(),
            hits,
            wrong,
            (int) counts.checked(),
            asked.millis());
      }
    }
    return own;
  }

  private static boolean isSame(@Nullable Answer answer, @Nullable Answer own) {
    if (answer == null || own == null) {
      throw new IllegalStateException("a question without an answer, expected all to have one");
    }
    return answer.text().equals(own.text()) && answer.tokens() == own.tokens();
  }

  /** How often the most similar question of before has the same answer. */
  private static Table nearest(
      BaseModel base, Tokenizer tokenizer, List<String> questions, List<Map<String, Answer>> own)
      throws IOException {
    List<String> distinct = questions.stream().distinct().toList();
    List<float[]> vectors = new ArrayList<>();
    for (String question : distinct) {
      vectors.addAll(base.embed(List.of(tokenizer.encode(question))));
    }
    int[] count = new int[BANDS.size()];
    int[][] wrong = new int[BANDS.size()][own.size()];
    for (int i = 1; i < distinct.size(); i++) {
      int near = nearest(vectors, i);
      int band = band(1 - dot(vectors.get(near), vectors.get(i)));
      count[band]++;
      for (int n = 0; n < own.size(); n++) {
        boolean same = isSame(own.get(n).get(distinct.get(near)), own.get(n).get(distinct.get(i)));
        wrong[band][n] += same ? 0 : 1;
      }
    }
    Table table =
        Table.of(
            "The most similar of the questions before, %,d different ones"
                .formatted(distinct.size()),
            "1 − cosine up to | questions | other answer, 1 new token % | 4 % | 32 %");
    for (int band = 0; band < count.length; band++) {
      table.row(
          String.valueOf(BANDS.get(band)),
          count[band],
          share(wrong[band][0], count[band]),
          share(wrong[band][1], count[band]),
          share(wrong[band][2], count[band]));
    }
    return table;
  }

  private static Object share(int part, int all) {
    return all == 0 ? "" : (Object) (100.0 * part / all);
  }

  private static int nearest(List<float[]> vectors, int of) {
    int best = 0;
    for (int i = 1; i < of; i++) {
      if (dot(vectors.get(i), vectors.get(of)) > dot(vectors.get(best), vectors.get(of))) {
        best = i;
      }
    }
    return best;
  }

  private static int band(double distance) {
    int band = 0;
    while (distance > BANDS.get(band)) {
      band++;
    }
    return band;
  }

  private static double dot(float[] a, float[] b) {
    double dot = 0;
    for (int i = 0; i < a.length; i++) {
      dot += (double) a[i] * b[i];
    }
    return dot;
  }
}
