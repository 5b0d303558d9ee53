package dev.millrace.job.bench.train;

import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Plan;
import dev.millrace.adapter.train.TrainConfig;
import dev.millrace.adapter.train.TrainPrecision;
import dev.millrace.job.corpus.Corpora;
import dev.millrace.job.corpus.Document;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Recompute;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import dev.millrace.schema.Origin;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Texts of a domain that nano has not seen, dealt out to trainers.
 *
 * @param train one text a row, in the order in which they are learned
 * @param heldOut of other documents
 */
public record ExchangeMaterial(List<int[]> train, List<int[]> heldOut) {

  static final String DOMAIN = "legal";
  private static final int LENGTH = 96;
  private static final int HELD_OUT = 48;

  /** Rows of a trainer's step. */
  public static final int ROWS = 2;

  public static ExchangeMaterial read(Path nano, int rows, long seed) throws IOException {
    List<int[]> texts = texts(nano, rows + HELD_OUT, LENGTH, LENGTH + 1, seed);
    if (texts.size() < rows + HELD_OUT) {
      throw new IllegalArgumentException(
          "%s has %d texts, expected %d".formatted(DOMAIN, texts.size(), rows + HELD_OUT));
    }
    return new ExchangeMaterial(texts.subList(HELD_OUT, texts.size()), texts.subList(0, HELD_OUT));
  }

  /** So many texts of more tokens than a bound, cut to so many at most. */
  static List<int[]> texts(Path nano, int count, int longerThan, int most, long seed)
      throws IOException {
    List<Document> documents = new ArrayList<>(Corpora.load(DOMAIN));
    Collections.shuffle(documents, new Random(seed));
    try (Tokenizer tokenizer = Tokenizers.open(nano)) {
      return documents.stream()
          .map(Document::text)
          .map(text -> tokenizer.encode(text.substring(0, Math.min(text.length(), 2_000))))
          .filter(tokens -> tokens.length > longerThan)
          .map(tokens -> Arrays.copyOf(tokens, Math.min(tokens.length, most)))
          .limit(count)
          .toList();
    }
  }

  /** The lesson of some rows, in their order. */
  public Lesson lesson(int from, int to, long seed) {
    List<Remembered> samples = new ArrayList<>();
    for (int i = from; i < to; i++) {
      samples.add(new Remembered("s" + i, new Origin("t", 0, i), train.get(i)));
    }
    return new Lesson(samples, List.of(), List.of(), seed);
  }

  /** A rate that is the same in every lesson and falls with the adapter's age alone. */
  public static TrainConfig config(int rowsPerStep) {
    return TrainConfig.defaults().toBuilder()
        .warmupSteps(1)
        .finalRate(1)
        .epochs(1)
        .rowsPerStep(rowsPerStep)
        .replayShare(0)
        .anchorShare(0)
        .build();
  }

  public static Plan plan(int threads) {
    return new Plan("cpu", TrainPrecision.FP32, Recompute.NOTHING, threads, 512L << 20);
  }

  /** A new adapter of rank 8 on attention. */
  public static AdapterState fresh(BaseModel base, long seed) {
    return AdapterState.fresh(LoraWeights.initial(TrainKind.LORA, base.sites(), seed));
  }

  /** Mean −log p of the held-out texts, nats a token. */
  double loss(BaseModel base, AdapterState state) {
    double nll = 0;
    for (var scores : base.scoreAsTrained(state.weights(), heldOut)) {
      nll -= scores.logProb();
    }
    return nll / (heldOut.size() * (double) LENGTH);
  }
}
