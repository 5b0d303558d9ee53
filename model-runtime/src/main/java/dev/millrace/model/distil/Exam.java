package dev.millrace.model.distil;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Likeliest;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Reading;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.weights.Digest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Texts on which teacher and students are judged alike, as they serve. */
public record Exam(List<Text> texts) {

  /**
   * A text.
   *
   * @param tokens 2 or more
   * @param bytes of UTF-8 of all of it
   */
  public record Text(String domain, int[] tokens, int bytes) {}

  /**
   * How a model did.
   *
   * @param right (texts): tokens that were the likeliest one
   * @param nll (texts): sum of −log p, nats
   */
  public record Marks(int[] right, double[] nll, List<Text> texts) {

    /** Share of the next tokens that were the likeliest one. */
    public double accuracy() {
      long all = texts.stream().mapToLong(text -> text.tokens.length - 1).sum();
      return (double) Arrays.stream(right).sum() / all;
    }

    /** Bits of all tokens but the first, over all bytes. */
    public double bitsPerByte() {
      long bytes = texts.stream().mapToLong(Text::bytes).sum();
      return Arrays.stream(nll).sum() / Math.log(2) / bytes;
    }
  }

  /** Of a domain's documents the tenth, one at least, that judges and must not teach. */
  public static Set<String> judges(String domain, Stream<String> documents) {
    List<String> byDigest =
        documents
            .distinct()
            .sorted(Comparator.comparing(d -> Digest.sha256((domain + "|" + d).getBytes(UTF_8))))
            .toList();
    return Set.copyOf(byDigest.subList(0, Math.min(byDigest.size(), 1 + byDigest.size() / 10)));
  }

  /** Lets a model predict each text on its own. */
  public Marks take(BaseModel model, LoadedAdapter adapter) {
    return take(model, adapter, () -> {});
  }

  /**
   * The same.
   *
   * @param before is run before each text; what it throws ends the exam
   */
  public Marks take(BaseModel model, LoadedAdapter adapter, Runnable before) {
    int[] right = new int[texts.size()];
    double[] nll = new double[texts.size()];
    for (int t = 0; t < right.length; t++) {
      before.run();
      int[] tokens = texts.get(t).tokens;
      List<Sequence> one = List.of(new Sequence(tokens, adapter));
      Likeliest likeliest = model.likeliest(one, 1, 1).get(0);
      for (int i = 0; i + 1 < tokens.length; i++) {
        right[t] += likeliest.best(i) == tokens[i + 1] ? 1 : 0;
      }
      nll[t] = -model.score(one).get(0).logProb();
    }
    return new Marks(right, nll, texts);
  }

  /**
   * Share of the texts whose domain the model's embeddings tell: that of the nearest mean.
   *
   * @param known texts whose domains are known, other ones
   */
  public double domainsTold(BaseModel model, Exam known) {
    Map<String, float[]> means = new TreeMap<>();
    known.embeddings(model).forEach((domain, all) -> means.put(domain, mean(all)));
    int told = 0;
    for (Map.Entry<String, List<float[]>> domain : embeddings(model).entrySet()) {
      for (float[] embedding : domain.getValue()) {
        told += nearest(means, embedding).equals(domain.getKey()) ? 1 : 0;
      }
    }
    return (double) told / texts.size();
  }

  private Map<String, List<float[]>> embeddings(BaseModel model) {
    List<Reading> readings = model.read(texts.stream().map(Text::tokens).toList());
    Map<String, List<float[]>> embeddings = new TreeMap<>();
    for (int i = 0; i < readings.size(); i++) {
      embeddings
          .computeIfAbsent(texts.get(i).domain, d -> new ArrayList<>())
          .add(readings.get(i).embedding());
    }
    return embeddings;
  }

  private static float[] mean(List<float[]> all) {
    float[] mean = new float[all.get(0).length];
    for (float[] one : all) {
      for (int i = 0; i < mean.length; i++) {
        mean[i] += one[i] / all.size();
      }
    }
    return mean;
  }

  private static String nearest(Map<String, float[]> means, float[] embedding) {
    String nearest = "";
    double least = Double.POSITIVE_INFINITY;
    for (Map.Entry<String, float[]> mean : means.entrySet()) {
      double distance = 0;
      for (int i = 0; i < embedding.length; i++) {
        double off = embedding[i] - mean.getValue()[i];
        distance += off * off;
      }
      if (distance < least) {
        least = distance;
        nearest = mean.getKey();
      }
    }
    return nearest;
  }
}
