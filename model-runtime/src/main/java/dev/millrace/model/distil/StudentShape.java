package dev.millrace.model.distil;

import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The shape of a student, OLMoE's, with the teacher's vocabulary, ends of texts and depth.
 *
 * <p>Of a teacher of OLMoE's shape it is a part: as wide as a budget allows, and then with as many
 * of the experts as do, or with one that reads every token, and with one matrix for head and
 * embedding where two would be most of it. Other students have one too, and few experts that read
 * every token: where parameters are what is scarce, none may stand idle.
 */
public final class StudentShape {

  private static final int HEAD = 32;
  private static final int EXPERTS = 4;

  private static final Set<String> TABLES = Set.of("model.embed_tokens.weight", "lm_head.weight");

  /** Sizes of experts are multiples of what a vector register holds a part of. */
  private static final int STEP = 4;

  /** What embedding and attention may take of the parameters of a student that is no part. */
  private static final double MOST_BESIDE_EXPERTS = 0.8;

  /** A part has at least one head, and feature of the stream, of so many. */
  private static final int LEAST_OF_WIDTH = 3;

  /** Of a part's parameters, what head and embedding may take if they are two. */
  private static final double MOST_OF_TABLES = 0.7;

  private StudentShape() {}

  /**
   * The widest student of {@code parameters / factor} parameters that leaves room for its experts:
   * a part's for one, any other's for a fifth of them.
   *
   * @param parameters of the teacher
   * @throws IllegalArgumentException if none is that small
   */
  static Student of(MoeConfig teacher, long parameters, double factor) {
    if (!(factor > 1)) {
      throw new IllegalArgumentException("factor " + factor + ", expected more than 1");
    }
    long budget = (long) (parameters / factor);
    MoeConfig part = teacher.isPrunable() ? part(teacher, budget) : null;
    if (part != null) {
      return new Student(part, Beginning.CUT);
    }
    int width = teacher.hiddenSize() / HEAD * HEAD;
    while (width >= HEAD && beside(teacher, width) > MOST_BESIDE_EXPERTS * budget) {
      width -= HEAD;
    }
    int size = width < HEAD ? 0 : expertSize(teacher, width, budget);
    if (size < STEP) {
      throw new IllegalArgumentException(
          "factor %s leaves %,d parameters, too few for %,d tokens and %d layers"
              .formatted(factor, budget, teacher.vocabSize(), teacher.numHiddenLayers()));
    }
    return new Student(shape(teacher, width, size), Beginning.HINTED);
  }

  /** One table is head and embedding where two would be most of the student, or too much. */
  private static @Nullable MoeConfig part(MoeConfig teacher, long budget) {
    MoeConfig part = widest(teacher, budget);
    return part != null && tables(part) <= MOST_OF_TABLES * budget
        ? part
        : widest(teacher.withTiedEmbeddings(), budget);
  }

  private static long tables(MoeConfig config) {
    return (long) config.vocabSize() * config.hiddenSize() * (config.tieWordEmbeddings() ? 1 : 2);
  }

  /**
   * The widest with room for one expert. Experts stay whole where there is room for as many as a
   * token uses; null where too little would be left of the width to begin with.
   */
  private static @Nullable MoeConfig widest(MoeConfig teacher, long budget) {
    int all = teacher.attention().numAttentionHeads();
    int size = teacher.experts().intermediateSize();
    for (int heads = all; heads * LEAST_OF_WIDTH >= all; heads--) {
      int experts = expertsWithin(teacher, heads, budget);
      if (experts >= teacher.router().topK()) {
        return teacher.pruned(heads, experts, size);
      }
      int neurons = neuronsWithin(teacher, heads, budget);
      if (neurons >= size) {
        return teacher.pruned(heads, 1, neurons);
      }
    }
    return null;
  }

  private static int expertsWithin(MoeConfig teacher, int heads, long budget) {
    int size = teacher.experts().intermediateSize();
    long none = parameters(teacher.pruned(heads, 0, 0));
    long one = parameters(teacher.pruned(heads, 1, size)) - none;
    return (int) Math.min(teacher.router().numExperts(), (budget - none) / one);
  }

  /** Of one expert. */
  private static int neuronsWithin(MoeConfig teacher, int heads, long budget) {
    long none = parameters(teacher.pruned(heads, 1, 0));
    long one = parameters(teacher.pruned(heads, 1, 1)) - none;
    return (int) ((budget - none) / one) / STEP * STEP;
  }

  private static int expertSize(MoeConfig teacher, int width, long budget) {
    long left = budget - parameters(shape(teacher, width, 0));
    return (int) (left / (3L * width * EXPERTS * teacher.numHiddenLayers())) / STEP * STEP;
  }

  private static MoeConfig shape(MoeConfig teacher, int width, int size) {
    return MoeConfig.olmoe(
            new MoeConfig.OlmoeShape(
                teacher.vocabSize(),
                width,
                size,
                teacher.numHiddenLayers(),
                width / HEAD,
                EXPERTS,
                EXPERTS,
                teacher.maxPositionEmbeddings()))
        .withTiedEmbeddings()
        .withEosTokenId(teacher.eosTokenId());
  }

  private static long beside(MoeConfig teacher, long width) {
    return teacher.vocabSize() * width + 4 * width * width * teacher.numHiddenLayers();
  }

  /** Parameters of an OLMoE-shaped model, embeddings included. */
  public static long parameters(MoeConfig config) {
    long d = config.hiddenSize();
    long experts = config.router().numExperts();
    long layer =
        4 * d * d + 4 * d + experts * d + 3 * d * experts * config.experts().intermediateSize();
    return tables(config) + d + layer * config.numHiddenLayers();
  }

  /** Parameters of a checkpoint, embeddings included; a table that is there twice counts once. */
  public static long parameters(Path folder) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      MoeConfig config = checkpoint.config();
      boolean twice =
          config.tieWordEmbeddings() && checkpoint.tensors().keySet().containsAll(TABLES);
      long all = checkpoint.tensors().values().stream().mapToLong(t -> t.elements()).sum();
      return all - (twice ? tables(config) : 0);
    }
  }
}
