package dev.millrace.model.djl;

import ai.djl.Device;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Computation;
import dev.millrace.model.base.Decoding;
import dev.millrace.model.base.Gradients;
import dev.millrace.model.base.Likeliest;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Prefix;
import dev.millrace.model.base.PrefixGradients;
import dev.millrace.model.base.Prompt;
import dev.millrace.model.base.Reading;
import dev.millrace.model.base.RoutedScores;
import dev.millrace.model.base.Routes;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.base.TokenScores;
import dev.millrace.model.base.WeightedSequence;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.program.Layout;
import dev.millrace.model.program.MatrixFormat;
import dev.millrace.model.program.ProgramSource;
import dev.millrace.model.release.Routing;
import dev.millrace.model.simd.Simd;
import dev.millrace.model.simd.SimdBase;
import dev.millrace.model.weights.Checkpoint;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A base through two generated programs: one serves, one trains against exactly the weights that
 * serve.
 */
final class DjlModel implements BaseModel {

  private static final Logger LOG = LoggerFactory.getLogger(DjlModel.class);
  private static final LoadedAdapter NONE = () -> {};
  private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

  private final String id;
  private final MoeConfig config;
  private final Layout layout;
  private final List<Site> sites;
  private final TrainingProgram training;
  private final Program serving;
  private final @Nullable SimdBase simd;
  private final Function<Prompt, Drafter> drafters;

  /** Whether its rows are worth the help of another thread. */
  private final boolean large;

  private final Consumer<DjlModel> onClose;

  /** Who opened it, as {@link TrainingProgram} tells its users apart. */
  private final Object user;

  /** Of its adapters; empty for the top k. */
  private final float[] limits;

  /**
   * Loads the weights that serve; those that train are loaded when first used.
   *
   * @param folder of the checkpoint, from which they are read then
   * @param trainsOn what serves is on the CPU
   */
  DjlModel(
      String id,
      Path folder,
      Checkpoint checkpoint,
      MatrixFormat format,
      Device trainsOn,
      LoadProgress progress,
      Consumer<DjlModel> onClose) {
    this.id = id;
    this.config = checkpoint.config();
    this.layout = new Layout(config);
    this.sites = layout.sites();
    this.onClose = onClose;
    this.user = new Object();
    this.limits = new float[0];
    this.drafters =
        format == MatrixFormat.INT8_IN_FP16 ? PromptLookup::new : prompt -> Drafter.NONE;
    this.large = format == MatrixFormat.INT8;
    ProgramWeights.requireComplete(layout, checkpoint);
    ProgramWeights weights = new ProgramWeights(layout, checkpoint, progress);
    this.simd =
        format == MatrixFormat.INT8_IN_FP16 && SimdBase.canBe(config) && isFast(folder)
            ? weights.simd()
            : null;
    if (format != MatrixFormat.FLOAT32) {
      String source = ProgramSource.int8(config, layout, format);
      this.serving = Program.compile(source, Device.cpu(), program -> weights.int8(program, large));
      Program served = trainsOn.isGpu() ? null : serving;
      this.training = new TrainingProgram(id, folder, layout, format, served, trainsOn);
    } else {
      this.training = new TrainingProgram(id, folder, layout, format, null, trainsOn);
      this.serving = training.serving(weights);
    }
  }

  private static boolean isFast(Path folder) {
    String missing = Simd.missing();
    if (!missing.isEmpty()) {
      LOG.info("{}: answers by libtorch, several times as slow as can be: {}", folder, missing);
    }
    return missing.isEmpty();
  }

  private DjlModel(
      DjlModel like,
      float[] limits,
      @Nullable SimdBase simd,
      Object user,
      Consumer<DjlModel> onClose) {
    this.id = like.id;
    this.config = like.config;
    this.layout = like.layout;
    this.sites = like.sites;
    this.training = like.training;
    this.serving = like.serving;
    this.simd = simd;
    this.drafters = like.drafters;
    this.large = like.large;
    this.onClose = onClose;
    this.user = user;
    this.limits = limits;
  }

  @Override
  public BaseModel under(Routing routing) {
    routing.requireOf(config);
    return new DjlModel(this, ExpertLimits.of(routing, config.router()), simd, user, closed -> {});
  }

  /** The same, which answers by a program too; what closes one closes both. */
  DjlModel byProgram() {
    return new DjlModel(this, limits, null, user, onClose);
  }

  /** The same for one more who opens it. */
  DjlModel opened(Consumer<DjlModel> closes) {
    return new DjlModel(this, limits, simd, new Object(), closes);
  }

  /** Where its checkpoint lies too. */
  void liesToo(Path folder) {
    training.liesToo(folder);
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public MoeConfig config() {
    return config;
  }

  @Override
  public List<Site> sites() {
    return sites;
  }

  @Override
  public LoadedAdapter load(AdapterWeights adapter) {
    return new DjlAdapter(serving.scope(), adapter, sites, limits);
  }

  @Override
  public LoadedAdapter noAdapter() {
    return NONE;
  }

  @Override
  public List<TokenScores> score(List<Sequence> sequences) {
    return inference().score(sequences);
  }

  private Inference inference() {
    return new Inference(serving, config);
  }

  @Override
  public List<Likeliest> likeliest(List<Sequence> sequences, int count, double temperature) {
    return inference().likeliest(sequences, count, temperature);
  }

  @Override
  public List<Routes> routes(List<Sequence> sequences) {
    return inference().routes(sequences);
  }

  @Override
  public List<RoutedScores> scoreRouted(List<Sequence> sequences) {
    return inference().scoreRouted(sequences);
  }

  @Override
  public List<Reading> read(List<int[]> sequences) {
    return inference().read(sequences);
  }

  @Override
  public List<float[]> embed(List<int[]> sequences) {
    return inference().embed(sequences);
  }

  @Override
  public List<TokenScores> scoreAsTrained(AdapterWeights adapter, List<int[]> sequences) {
    Program program = training.program(user);
    try (DjlAdapter loaded = new DjlAdapter(program.scope(), adapter, sites, limits)) {
      return new Inference(program, config)
          .score(sequences.stream().map(tokens -> new Sequence(tokens, loaded)).toList());
    }
  }

  @Override
  public Decoding decoding(int slots) {
    return decoding(slots, drafters);
  }

  /** The same with others to guess tokens; no answer differs. */
  Decoding decoding(int slots, Function<Prompt, Drafter> guessing) {
    return decoding(slots, guessing, simd);
  }

  /** The same by a program, or without one. */
  Decoding decoding(int slots, Function<Prompt, Drafter> guessing, @Nullable SimdBase simd) {
    int rounded = SlotPool.rounded(slots);
    Step step =
        simd == null ? steps(rounded, large && PROCESSORS > 1) : new JavaStep(simd, rounded);
    return new DjlDecoding(step, config, rounded, guessing);
  }

  /** Steps of the program, with or without the help of another thread. */
  Step steps(int slots, boolean mayBeHelped) {
    return new ProgramStep(serving, config, slots, mayBeHelped);
  }

  @Override
  public int tokensWithin(long bytes, int threads, Computation computation) {
    return new Activations(config, computation).tokensWithin(bytes, threads);
  }

  @Override
  public Gradients gradients(
      AdapterWeights adapter, List<WeightedSequence> microBatch, Computation computation) {
    boolean taught = microBatch.stream().anyMatch(row -> row.taught() != null);
    return new AdapterGradients(training.program(user), config, sites, limits)
        .of(
            taught ? AdapterGradients.TAUGHT : "adapter_gradients",
            adapter,
            microBatch,
            computation);
  }

  @Override
  public Gradients anchorGradients(
      AdapterWeights adapter, List<WeightedSequence> microBatch, Computation computation) {
    Values base = anchorStates(microBatch, computation);
    return new AdapterGradients(training.program(user), config, sites, limits)
        .anchored(base, adapter, microBatch, computation);
  }

  @Override
  public void readAhead(List<WeightedSequence> anchors, Computation computation) {
    var unused = anchorStates(anchors, computation);
  }

  private Values anchorStates(List<WeightedSequence> rows, Computation computation) {
    rows.forEach(row -> Texts.requireLength(config, row.tokens(), 2, 0));
    return training
        .anchors()
        .of(training.program(user), rows, computation.products(), config.hiddenSize());
  }

  @Override
  public Gradients teacherGradients(
      AdapterWeights adapter,
      AdapterWeights teacher,
      List<WeightedSequence> microBatch,
      Computation computation) {
    return new AdapterGradients(training.program(user), config, sites, limits)
        .toward(teacher, adapter, microBatch, computation);
  }

  @Override
  public PrefixGradients prefixGradients(List<int[]> tokens, List<Prefix> prefixes) {
    return new PrefixTraining(training.program(user), config).of(tokens, prefixes);
  }

  /** What the feed-forward part of a layer reads, by the base alone: (tokens, hidden_size). */
  float[] layerInputs(int[] tokens, int layer) {
    Texts.requireLength(config, tokens, 1, 0);
    Program program = training.program(user);
    try (PtNDManager scope = program.scope()) {
      return program
          .infer(
              scope,
              "layer_inputs",
              IValue.from((PtNDArray) scope.create(Texts.flat(List.of(tokens)))),
              IValue.listFrom(tokens.length),
              IValue.from(layer))[0]
          .toFloatArray();
    }
  }

  /** What the stream of the base alone looks like on some texts. */
  StreamStatistics stream(List<int[]> texts, int[][] stays, Runnable before) {
    int places = 2 * config.numHiddenLayers() + 1;
    int width = config.hiddenSize();
    double[][][] grams = new double[places][width][width];
    double[][] taken = new double[2][config.numHiddenLayers()];
    long tokens = 0;
    for (int[] text : texts) {
      before.run();
      addStream(text, stays, grams, taken);
      tokens += text.length;
    }
    double share = 1.0 / tokens;
    Arrays.stream(grams).flatMap(Arrays::stream).forEach(row -> scale(row, share));
    Arrays.stream(taken).forEach(row -> scale(row, share));
    return new StreamStatistics(List.of(grams), taken[0], taken[1]);
  }

  private static void scale(double[] row, double by) {
    Arrays.setAll(row, i -> by * row[i]);
  }

  private void addStream(int[] text, int[][] stays, double[][][] grams, double[][] taken) {
    Texts.requireLength(config, text, 2, 0);
    Program program = training.program(user);
    try (PtNDManager scope = program.scope()) {
      PtNDArray[] out =
          program.infer(
              scope,
              "stream",
              IValue.from((PtNDArray) scope.create(Texts.flat(List.of(text)))),
              IValue.listFrom((long) text.length),
              IValue.from(
                  (PtNDArray)
                      scope.create(
                          Texts.flat(List.of(stays)), new Shape(stays.length, stays[0].length))));
      float[] sums = out[0].toFloatArray();
      int at = 0;
      for (double[][] gram : grams) {
        for (double[] row : gram) {
          for (int i = 0; i < row.length; i++) {
            row[i] += sums[at++];
          }
        }
      }
      float[] shares = out[1].toFloatArray();
      for (int i = 0; i < shares.length; i++) {
        taken[i % 2][i / 2] += shares[i];
      }
    }
  }

  /** Logits of every position through the program that trains: (tokens, vocab), flattened. */
  float[] logits(AdapterWeights adapter, int[][] rows) {
    Program program = training.program(user);
    try (PtNDManager scope = program.scope();
        DjlAdapter loaded = new DjlAdapter(program.scope(), adapter, sites);
        CallAdapters adapters = new CallAdapters(Collections.nCopies(rows.length, loaded))) {
      return program
          .infer(
              scope,
              "logits",
              IValue.from((PtNDArray) scope.create(Texts.flat(List.of(rows)))),
              IValue.listFrom(Arrays.stream(rows).mapToLong(r -> r.length).toArray()),
              adapters.tensors(scope),
              adapters.which(),
              adapters.scales())[0]
          .toFloatArray();
    }
  }

  /** What {@code trace} of what serves saw of a text under the base alone. */
  Trace trace(int[] text) {
    Texts.requireLength(config, text, 2, 0);
    Texts texts = Texts.of(List.of(text));
    try (PtNDManager scope = serving.scope()) {
      PtNDArray[] out =
          serving.infer(
              scope,
              "trace",
              IValue.from((PtNDArray) scope.create(texts.starts())),
              IValue.from((PtNDArray) scope.create(texts.targets())),
              IValue.listFrom(texts.lens()),
              IValue.from(ExpertLimits.array(scope, List.of(), config)));
      return Trace.of(out);
    }
  }

  /** The program that trains. */
  Program trains() {
    return training.program(user);
  }

  /** Silences one expert of every layer, in what trains and, in fp32, in what serves. */
  void silence(int expert) {
    Program program = training.program(user);
    try (PtNDManager scope = program.scope()) {
      program.infer(scope, "silence", IValue.from(expert));
    }
    training.anchors().clear();
  }

  /** Frees native memory. */
  void free() {
    if (training.isNot(serving)) {
      serving.close();
    }
    training.close();
  }

  @Override
  public void close() {
    training.leave(user);
    onClose.accept(this);
  }
}
