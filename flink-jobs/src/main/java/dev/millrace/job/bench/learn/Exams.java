package dev.millrace.job.bench.learn;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.base.TokenScores;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Measures adapters on texts, on the weights that serve. */
final class Exams {

  private static final int TEXTS_A_CALL = 8;

  private Exams() {}

  /** Sum over the texts, nats. */
  static double logProb(BaseModel base, LoadedAdapter adapter, List<Subject.Text> texts) {
    return Arrays.stream(logProbs(base, adapter, texts)).sum();
  }

  /** (texts), nats. */
  static double[] logProbs(BaseModel base, LoadedAdapter adapter, List<Subject.Text> texts) {
    List<Double> logProbs = new ArrayList<>();
    for (int from = 0; from < texts.size(); from += TEXTS_A_CALL) {
      int to = Math.min(texts.size(), from + TEXTS_A_CALL);
      List<Sequence> sequences =
          texts.subList(from, to).stream()
              .map(text -> new Sequence(text.tokens(), adapter))
              .toList();
      base.score(sequences).stream().map(TokenScores::logProb).forEach(logProbs::add);
    }
    return logProbs.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
