package dev.millrace.model.djl;

import ai.djl.Device;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.millrace.model.base.ExpertLayer;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.program.Layout;
import dev.millrace.model.program.ProgramSource;
import dev.millrace.model.weights.Checkpoint;
import java.util.Arrays;

/** A layer by the methods that a whole program runs, over weights of its own. */
final class DjlExpertLayer implements ExpertLayer {

  private final int hiddenSize;
  private final int topK;
  private final Program program;

  private DjlExpertLayer(MoeConfig config, Program program) {
    this.hiddenSize = config.hiddenSize();
    this.topK = config.router().topK();
    this.program = program;
  }

  /** Reads the router and the experts from {@code from} to before {@code to}. */
  static DjlExpertLayer of(Checkpoint checkpoint, int layer, int from, int to) {
    MoeConfig config = checkpoint.config();
    ExpertLayers.requireSparse(config, layer);
    Layout layout = new Layout(config);
    ProgramWeights weights = new ProgramWeights(layout, checkpoint);
    String module = Layout.at(layer, config.names().sparse());
    return new DjlExpertLayer(
        config,
        Program.compile(
            ProgramSource.expertLayer(config, layout),
            Device.cpu(),
            program -> weights.expertLayer(program, module, from, to)));
  }

  @Override
  public int hiddenSize() {
    return hiddenSize;
  }

  @Override
  public Choices route(float[] rows) {
    try (PtNDManager scope = program.scope()) {
      PtNDArray[] out = program.infer(scope, "choose", array(scope, rows));
      return new Choices(topK, Trace.ints(out[0].toLongArray()), out[1].toFloatArray());
    }
  }

  @Override
  public float[] apply(int[] counts, float[] rows) {
    if (rows.length == 0) {
      return rows;
    }
    try (PtNDManager scope = program.scope()) {
      long[] each = Arrays.stream(counts).asLongStream().toArray();
      return program.infer(scope, "apply", array(scope, rows), IValue.listFrom(each))[0]
          .toFloatArray();
    }
  }

  @Override
  public float[] run(float[] rows) {
    try (PtNDManager scope = program.scope()) {
      return program.infer(scope, "run", array(scope, rows))[0].toFloatArray();
    }
  }

  private IValue array(PtNDManager scope, float[] rows) {
    return IValue.from(
        Program.array(scope, new Values(rows, rows.length / hiddenSize, hiddenSize)));
  }

  @Override
  public void close() {
    program.close();
  }
}
