package dev.millrace.job.bench.learn;

import dev.millrace.job.bench.measure.Table;
import dev.millrace.model.base.BaseModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Which domain unseen texts are assigned to, by their first 160 characters. */
record Assignments(School school, List<Subject> subjects, ShippedPupil shipped) {

  /** Samples of a domain whose embeddings make its centroid, and tokens of each. */
  private static final int EMBEDDED = 80;

  private static final int EMBEDDED_TOKENS = 64;

  Table table() {
    Map<String, float[]> centroids = new TreeMap<>();
    subjects.forEach(subject -> centroids.put(subject.domain(), centroid(subject)));
    Table table =
        Table.of(
            "Requests routed auto, by the first 160 characters of unseen texts",
            "domain | to their own % | to the base % | by the nearest embedding % | bits per byte auto | by its own");
    for (Subject subject : subjects) {
      table.row(
          subject.domain(),
          share(subject, subject.domain()),
          share(subject, null),
          embedded(subject, centroids),
          subject.bitsPerByte(shipped.assigning().logProb(subject)),
          subject.bitsPerByte(shipped.logProb(subject)));
    }
    return table.note(
        "The nearest embedding: the greatest cosine with the mean embedding of "
            + EMBEDDED
            + " samples; it has no base to fall back to.");
  }

  private double share(Subject subject, @Nullable String domain) {
    long assigned =
        subject.exam().stream()
            .filter(text -> Objects.equals(shipped.assigned(text.start()), domain))
            .count();
    return 100.0 * assigned / subject.exam().size();
  }

  private float[] centroid(Subject subject) {
    List<int[]> texts =
        subject.lessons().stream()
            .flatMap(List::stream)
            .flatMap(List::stream)
            .limit(EMBEDDED)
            .map(sample -> cut(sample.tokens()))
            .toList();
    float[] sum = new float[school.base().config().hiddenSize()];
    for (float[] embedding : embed(texts)) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += embedding[i];
      }
    }
    return sum;
  }

  private List<float[]> embed(List<int[]> texts) {
    BaseModel base = school.base();
    List<float[]> embeddings = new ArrayList<>();
    for (int[] text : texts) {
      embeddings.addAll(base.embed(List.of(text)));
    }
    return embeddings;
  }

  private static int[] cut(int[] tokens) {
    return Arrays.copyOf(tokens, Math.min(EMBEDDED_TOKENS, tokens.length));
  }

  private double embedded(Subject subject, Map<String, float[]> centroids) {
    List<float[]> embeddings =
        embed(subject.exam().stream().map(text -> cut(text.start())).toList());
    long own =
        embeddings.stream()
            .filter(embedding -> nearest(embedding, centroids).equals(subject.domain()))
            .count();
    return 100.0 * own / embeddings.size();
  }

  private static String nearest(float[] embedding, Map<String, float[]> centroids) {
    String best = "";
    double most = Double.NEGATIVE_INFINITY;
    for (Map.Entry<String, float[]> centroid : centroids.entrySet()) {
      double cosine = cosine(embedding, centroid.getValue());
      if (cosine > most) {
        most = cosine;
        best = centroid.getKey();
      }
    }
    return best;
  }

  private static double cosine(float[] unit, float[] other) {
    double dot = 0;
    double squares = 0;
    for (int i = 0; i < unit.length; i++) {
      dot += (double) unit[i] * other[i];
      squares += (double) other[i] * other[i];
    }
    return dot / Math.sqrt(squares);
  }
}
