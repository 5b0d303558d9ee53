package dev.millrace.model.djl;

import ai.djl.Device;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.base.Computation;
import dev.millrace.model.base.Gradients;
import dev.millrace.model.base.WeightedSequence;
import dev.millrace.model.program.Layout;
import dev.millrace.model.program.ProgramSource;
import dev.millrace.model.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The plain way to train an adapter, in fp32: a loop over all experts, each over the tokens that a
 * mask finds, and autograd through everything. For measuring, and as an oracle.
 */
public final class LoopedTraining implements AutoCloseable {

  private final Program program;
  private final AdapterGradients gradients;

  private LoopedTraining(Program program, AdapterGradients gradients) {
    this.program = program;
    this.gradients = gradients;
  }

  /** Opens a HuggingFace checkpoint folder; the caller closes it. */
  public static LoopedTraining open(Path folder) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      Layout layout = new Layout(checkpoint.config());
      ProgramWeights weights = new ProgramWeights(layout, checkpoint);
      Program program =
          Program.compile(
              ProgramSource.looped(checkpoint.config(), layout),
              Device.cpu(),
              compiled -> weights.training(compiled, false, null));
      return new LoopedTraining(
          program,
          new AdapterGradients(program, checkpoint.config(), layout.sites(), new float[0]));
    }
  }

  public List<Site> sites() {
    return gradients.sites();
  }

  /** As {@link dev.millrace.model.base.BaseModel#gradients}. */
  public Gradients gradients(AdapterWeights adapter, List<WeightedSequence> microBatch) {
    return gradients.of("adapter_gradients", adapter, microBatch, Computation.plain());
  }

  /** As {@link dev.millrace.model.base.BaseModel#anchorGradients}. */
  public Gradients anchorGradients(AdapterWeights adapter, List<WeightedSequence> microBatch) {
    return gradients.of("anchor_gradients", adapter, microBatch, Computation.plain());
  }

  /** As {@link dev.millrace.model.base.BaseModel#teacherGradients}. */
  public Gradients teacherGradients(
      AdapterWeights adapter, AdapterWeights teacher, List<WeightedSequence> microBatch) {
    return gradients.toward(teacher, adapter, microBatch, Computation.plain());
  }

  @Override
  public void close() {
    program.close();
  }
}
