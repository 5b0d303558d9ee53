package dev.millrace.model.distil;

import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The shape of a student: OLMoE's, with the teacher's vocabulary and depth, head and embedding
 * tied, and few experts that read every token. Where parameters are what is scarce, none may stand
 * idle.
 */
public final class StudentShape {

  private static final int HEAD = 32;
  private static final int EXPERTS = 4;

  /** Sizes of experts are multiples of what a vector register holds a part of. */
  private static final int STEP = 4;

  /** What embedding and attention may take of the parameters. */
  private static final double MOST_BESIDE_EXPERTS = 0.8;

  private StudentShape() {}

  /**
   * The widest student of {@code parameters / factor} parameters that leaves a fifth of them to its
   * experts.
   *
   * @param parameters of the teacher
   * @throws IllegalArgumentException if none is that small
   */
  public static MoeConfig of(MoeConfig teacher, long parameters, double factor) {
    if (!(factor > 1)) {
      throw new IllegalArgumentException("factor " + factor + ", expected more than 1");
    }
    long budget = (long) (parameters / factor);
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
    return shape(teacher, width, size);
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
        .withTiedEmbeddings();
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
    long embeddings = config.vocabSize() * d * (config.tieWordEmbeddings() ? 1 : 2);
    return embeddings + d + layer * config.numHiddenLayers();
  }

  /** Parameters of a checkpoint, embeddings included. */
  public static long parameters(Path folder) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      return checkpoint.tensors().values().stream().mapToLong(t -> t.elements()).sum();
    }
  }
}
