package dev.millrace.model.djl;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.millrace.model.align.AlignConfig;
import dev.millrace.model.align.AlignTensor;
import dev.millrace.model.align.AlignWeights;
import dev.millrace.model.align.Aligner;
import dev.millrace.model.align.Input;
import dev.millrace.model.align.PrefixWeights;
import dev.millrace.model.align.Projection;
import dev.millrace.model.base.Prefix;
import dev.millrace.model.program.AlignSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The encoders as a generated TorchScript program. */
public final class DjlAligner implements Aligner {

  /** Inputs of one call. */
  private static final int CALL = 64;

  private final String id;
  private final AlignConfig config;
  private final String prefixId;
  private final int prefixLength;
  private final Program program;
  private final PtNDManager weights;

  private DjlAligner(String id, AlignWeights weights, PrefixWeights prefixes) {
    this.id = id;
    this.config = weights.config();
    this.prefixId = prefixes.id();
    this.prefixLength = prefixes.length();
    this.program = Program.compile(AlignSource.PROGRAM);
    this.weights = program.scope();
    fill(program, this.weights, weights);
    if (prefixLength > 0) {
      fill(program, this.weights, prefixes.picture());
      fill(program, this.weights, prefixes.sound());
    }
  }

  /**
   * Opens a folder that {@link AlignWeights#write} wrote; the caller closes it.
   *
   * @throws dev.millrace.model.weights.InvalidWeightsException if its files are not what they must
   *     be
   */
  public static Aligner open(Path folder) throws IOException {
    AlignWeights weights = AlignWeights.read(folder);
    return new DjlAligner(
        AlignWeights.id(folder),
        weights,
        PrefixWeights.read(folder, weights.config().hiddenSize()));
  }

  /** Hands weights to a program; it keeps the arrays, which the manager owns. */
  static void fill(Program program, PtNDManager owner, AlignWeights weights) {
    List<AlignTensor> tensors = AlignTensor.all(weights.config().hiddenSize());
    for (int i = 0; i < tensors.size(); i++) {
      add(program, owner, new Values(weights.values().get(i), tensors.get(i).shape()));
    }
  }

  /** The same of a projection, behind the encoders or another projection. */
  static List<PtNDArray> fill(Program program, PtNDManager owner, Projection p) {
    int features = p.in().length / p.inner();
    return List.of(
        add(program, owner, new Values(p.in(), p.inner(), features)),
        add(program, owner, new Values(p.inBias(), p.inner())),
        add(program, owner, new Values(p.out(), p.outputs(), p.inner())),
        add(program, owner, new Values(p.outBias(), p.outputs())));
  }

  private static PtNDArray add(Program program, PtNDManager owner, Values values) {
    PtNDArray array = Program.array(owner, values);
    try (PtNDManager scope = program.scope()) {
      program.train(scope, "vector", Program.Argument.of("x", array));
    }
    return array;
  }

  @Override
  public AlignConfig config() {
    return config;
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public List<float[]> embed(List<? extends Input> inputs) {
    return calls("embed_", inputs);
  }

  @Override
  public int prefixLength() {
    return prefixLength;
  }

  @Override
  public String prefixId() {
    return prefixId;
  }

  @Override
  public List<Prefix> prefixes(List<? extends Input> media) {
    if (prefixLength == 0) {
      throw new IllegalStateException("these encoders make no prefixes");
    }
    return calls("prefix_", media).stream().map(rows -> new Prefix(prefixLength, rows)).toList();
  }

  private List<float[]> calls(String method, List<? extends Input> inputs) {
    List<float[]> all = new ArrayList<>();
    for (int from = 0; from < inputs.size(); from += CALL) {
      all.addAll(call(method, inputs.subList(from, Math.min(inputs.size(), from + CALL))));
    }
    return all;
  }

  private List<float[]> call(String method, List<? extends Input> inputs) {
    try (PtNDManager scope = program.scope()) {
      IValue[] arguments =
          AlignArrays.of(scope, inputs).stream().map(IValue::from).toArray(IValue[]::new);
      float[] all =
          program.infer(scope, method + AlignArrays.encoder(inputs), arguments)[0].toFloatArray();
      int width = all.length / inputs.size();
      List<float[]> rows = new ArrayList<>();
      for (int from = 0; from < all.length; from += width) {
        rows.add(Arrays.copyOfRange(all, from, from + width));
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
