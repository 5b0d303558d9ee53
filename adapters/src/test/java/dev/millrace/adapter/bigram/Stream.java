package dev.millrace.adapter.bigram;

import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import java.util.ArrayList;
import java.util.List;

/** Scored samples and batches of a language, numbered as if read from two partitions. */
public final class Stream {
  private Stream() {}

  public static ScoredSample sample(int number, int[] tokens, boolean heldOut, long millis) {
    Sample sample =
        Sample.ofText(
            "s" + number,
            "test",
            "d" + number,
            "foreign",
            new Letters().decode(tokens),
            millis,
            new Origin("samples", number % 2, number / 2));
    return new ScoredSample(sample, tokens, 2, 0.5, 1.5, heldOut);
  }

  /** A batch of 24 samples that teach and 6 that judge. */
  public static TrainingBatch batch(Bigrams language, int number) {
    List<int[]> texts = language.texts(30, 1000 + number);
    List<ScoredSample> teach = new ArrayList<>();
    List<ScoredSample> judge = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      boolean heldOut = i % 5 == 4;
      (heldOut ? judge : teach).add(sample(30 * number + i, texts.get(i), heldOut, i));
    }
    return new TrainingBatch(null, "foreign", number, List.copyOf(teach), List.copyOf(judge));
  }
}
