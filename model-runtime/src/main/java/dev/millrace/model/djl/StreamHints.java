package dev.millrace.model.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * What a student that is a part of a teacher is to have inside (FitNets, Romero et al., arXiv
 * 1412.6550): behind each layer the teacher's stream along the student's directions, and of each
 * router the probabilities of the experts that the student has, as if they were all. The base alone
 * says it, in fp32; several threads may ask at once.
 */
public final class StreamHints implements AutoCloseable {

  private final DjlModel teacher;
  private final PtNDManager manager;
  private final PtNDArray directions;
  private final PtNDArray experts;

  /**
   * Hints of a checkpoint whose layers are all sparse.
   *
   * @param directions (student's width, teacher's width)
   * @param experts (layers, student's experts): which of the teacher's they are
   */
  public StreamHints(Path folder, double[][] directions, int[][] experts) throws IOException {
    this.teacher = DjlModels.openModel(folder, Precision.FLOAT32);
    this.manager = teacher.trains().scope();
    float[] along = new float[directions.length * directions[0].length];
    for (int i = 0; i < along.length; i++) {
      along[i] = (float) directions[i / directions[0].length][i % directions[0].length];
    }
    this.directions =
        Program.array(manager, new Values(along, directions.length, directions[0].length));
    this.experts =
        (PtNDArray)
            manager.create(
                Texts.flat(List.of(experts)), new Shape(experts.length, experts[0].length));
  }

  /**
   * Hints for some texts, none where there are no layers.
   *
   * @param streams (layers, tokens, student's width)
   * @param routers (layers, tokens, student's experts)
   */
  record Said(NDArray streams, NDArray routers) {}

  static Said none(PtNDManager scope) {
    Shape nothing = new Shape(0, 0, 0);
    return new Said(scope.create(nothing), scope.create(nothing));
  }

  /** What the teacher has inside for each token of some texts but their last. */
  Said of(PtNDManager scope, Texts texts) {
    NDList said =
        teacher
            .trains()
            .train(
                scope,
                "followed",
                Program.Argument.of("ids", scope.create(texts.starts())),
                Program.Argument.of("lens", scope.create(texts.lens())),
                Program.Argument.of("along", directions),
                Program.Argument.of("stays", experts));
    return new Said(said.get(0), said.get(1));
  }

  @Override
  public void close() {
    manager.close();
    teacher.close();
  }
}
