package dev.millrace.model.djl;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.millrace.model.align.AlignConfig;
import dev.millrace.model.align.AlignTensor;
import dev.millrace.model.align.AlignWeights;
import dev.millrace.model.align.Aligner;
import dev.millrace.model.align.Input;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The encoders as a generated TorchScript program. */
public final class DjlAligner implements Aligner {

  /** Inputs of one call. */
  private static final int CALL = 64;

  private final AlignConfig config;
  private final Program program;
  private final PtNDManager weights;

  private DjlAligner(AlignWeights weights) {
    this.config = weights.config();
    this.program = Program.compile(AlignSource.PROGRAM);
    this.weights = program.scope();
    fill(program, this.weights, weights);
  }

  /**
   * Opens a folder that {@link AlignWeights#write} wrote; the caller closes it.
   *
   * @throws dev.millrace.model.weights.InvalidWeightsException if its files are not what they must
   *     be
   */
  public static Aligner open(Path folder) throws IOException {
    return of(AlignWeights.read(folder));
  }

  /** Encoders with these weights; the caller closes them. */
  public static Aligner of(AlignWeights weights) {
    return new DjlAligner(weights);
  }

  /** Hands weights to a program; it keeps the arrays, which the manager owns. */
  static void fill(Program program, PtNDManager owner, AlignWeights weights) {
    List<AlignTensor> tensors = AlignTensor.all(weights.config().hiddenSize());
    try (PtNDManager scope = program.scope()) {
      for (int i = 0; i < tensors.size(); i++) {
        PtNDArray array =
            Program.array(owner, new Values(weights.values().get(i), tensors.get(i).shape()));
        program.train(scope, "vector", Program.Argument.of("x", array));
      }
    }
  }

  @Override
  public AlignConfig config() {
    return config;
  }

  @Override
  public List<float[]> embed(List<? extends Input> inputs) {
    List<float[]> places = new ArrayList<>();
    for (int from = 0; from < inputs.size(); from += CALL) {
      places.addAll(call(inputs.subList(from, Math.min(inputs.size(), from + CALL))));
    }
    return places;
  }

  private List<float[]> call(List<? extends Input> inputs) {
    try (PtNDManager scope = program.scope()) {
      IValue[] arguments =
          AlignArrays.of(scope, inputs).stream().map(IValue::from).toArray(IValue[]::new);
      float[] all =
          program.infer(scope, "embed_" + AlignArrays.encoder(inputs), arguments)[0].toFloatArray();
      List<float[]> rows = new ArrayList<>();
      for (int from = 0; from < all.length; from += DIMENSION) {
        rows.add(Arrays.copyOfRange(all, from, from + DIMENSION));
      }
      return rows;
    }
  }

  @Override
  public void close() {
    weights.close();
    program.close();
  }
}
