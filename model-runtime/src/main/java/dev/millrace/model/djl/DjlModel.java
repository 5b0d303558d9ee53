package dev.millrace.model.djl;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Generation;
import dev.millrace.model.base.Gradients;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Prompt;
import dev.millrace.model.base.Reading;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.base.TokenScores;
import dev.millrace.model.base.WeightedSequence;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.peft.AdapterWeights;
import dev.millrace.model.peft.LoraSite;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * A base through two generated programs: one serves, one trains against exactly the weights that
 * serve.
 */
final class DjlModel implements BaseModel {

  /**
   * Tokens that one inference call takes at most; bounds its activations (tokens, vocab) in memory.
   */
  private static final int CALL_TOKENS = 640;

  private static final LoadedAdapter NONE = () -> {};

  private final String id;
  private final MoeConfig config;
  private final List<LoraSite> sites;
  private final Program serving;
  private final Program training;
  private final PtNDManager memory;
  private final Runnable onClose;

  DjlModel(
      String id, MoeConfig config, OlmoeWeights weights, Precision precision, Runnable onClose) {
    this.id = id;
    this.config = config;
    this.sites = sites(config);
    this.onClose = onClose;
    this.training = Program.compile(OlmoeSource.float32(config));
    this.memory = training.scope();
    if (precision == Precision.FLOAT32) {
      fill(training, weights);
      this.serving = training;
    } else {
      List<Quantized> quantized = weights.matrices().stream().map(Quantized::of).toList();
      fill(training, weights.mapMatrices(m -> Quantized.of(m).dequantized()));
      this.serving = Program.compile(OlmoeSource.int8(config));
      fill(serving, new OlmoeWeights(weights.w(), List.of()));
      pack(quantized);
    }
  }

  private void fill(Program program, OlmoeWeights weights) {
    List<PtNDArray> m = new ArrayList<>(Program.arrays(memory, weights.m()));
    if (m.isEmpty()) {
      m.add(Program.array(memory, new Values(new float[1], 1)));
    }
    try (PtNDManager scope = program.scope()) {
      program.train(
          scope,
          "fill",
          Program.Argument.list("w", Program.arrays(memory, weights.w())),
          Program.Argument.list("m", m));
    }
  }

  private void pack(List<Quantized> quantized) {
    try (PtNDManager scope = serving.scope()) {
      serving.train(
          scope,
          "pack",
          Program.Argument.list(
              "q", Program.arrays(scope, quantized.stream().map(Quantized::q).toList())),
          Program.Argument.list(
              "s", Program.arrays(scope, quantized.stream().map(Quantized::scale).toList())));
    }
  }

  private static List<LoraSite> sites(MoeConfig c) {
    int q = c.numAttentionHeads() * c.headDim();
    int kv = c.numKeyValueHeads() * c.headDim();
    List<LoraSite> sites = new ArrayList<>();
    for (int layer = 0; layer < c.numHiddenLayers(); layer++) {
      String at = "model.layers." + layer + ".self_attn.";
      sites.add(new LoraSite(at + "q_proj", c.hiddenSize(), q));
      sites.add(new LoraSite(at + "k_proj", c.hiddenSize(), kv));
      sites.add(new LoraSite(at + "v_proj", c.hiddenSize(), kv));
      sites.add(new LoraSite(at + "o_proj", q, c.hiddenSize()));
    }
    return List.copyOf(sites);
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
  public List<LoraSite> sites() {
    return sites;
  }

  @Override
  public LoadedAdapter load(AdapterWeights adapter) {
    return new DjlAdapter(training.scope(), adapter, sites);
  }

  @Override
  public LoadedAdapter noAdapter() {
    return NONE;
  }

  /** The distinct adapters of a call, kept alive until it is over. */
  private static final class Adapters implements AutoCloseable {
    private final List<DjlAdapter> distinct = new ArrayList<>();
    private final long[] which;
    private final double[] scales;

    Adapters(List<LoadedAdapter> rows) {
      which = new long[rows.size()];
      scales = new double[rows.size()];
      for (int i = 0; i < which.length; i++) {
        which[i] = rows.get(i) instanceof DjlAdapter adapter ? index(adapter) : -1;
        scales[i] = rows.get(i) instanceof DjlAdapter adapter ? adapter.scale() : 0;
      }
    }

    private int index(DjlAdapter adapter) {
      int at = distinct.indexOf(adapter);
      if (at < 0) {
        adapter.retain();
        distinct.add(adapter);
        at = distinct.size() - 1;
      }
      return at;
    }

    IValue tensors(PtNDManager scope) {
      List<PtNDArray> all = new ArrayList<>();
      distinct.forEach(a -> all.addAll(a.arrays()));
      if (all.isEmpty()) {
        all.add((PtNDArray) scope.zeros(new Shape(1)));
      }
      return IValue.listFrom(all.toArray(PtNDArray[]::new));
    }

    @Override
    public void close() {
      distinct.forEach(DjlAdapter::release);
    }
  }

  @Override
  public List<TokenScores> score(List<Sequence> sequences) {
    List<TokenScores> scores = new ArrayList<>();
    for (int from = 0; from < sequences.size(); ) {
      int to = callEnd(from, sequences.size(), i -> sequences.get(i).tokens().length);
      scores.addAll(scoreCall(sequences.subList(from, to)));
      from = to;
    }
    return scores;
  }

  private static int callEnd(int from, int size, java.util.function.IntUnaryOperator length) {
    int tokens = 0;
    int to = from;
    while (to < size && (to == from || tokens + length.applyAsInt(to) <= CALL_TOKENS)) {
      tokens += length.applyAsInt(to++);
    }
    return to;
  }

  private List<TokenScores> scoreCall(List<Sequence> sequences) {
    for (Sequence s : sequences) {
      checkLength(s.tokens(), 2, 0);
    }
    long[] lens = sequences.stream().mapToLong(s -> s.tokens().length - 1).toArray();
    List<int[]> rows = sequences.stream().map(Sequence::tokens).toList();
    long[] ids = flat(starts(rows));
    long[] targets = flat(targets(rows));
    try (PtNDManager scope = serving.scope();
        Adapters adapters = new Adapters(sequences.stream().map(Sequence::adapter).toList())) {
      PtNDArray[] out =
          serving.infer(
              scope,
              "score",
              IValue.from((PtNDArray) scope.create(ids)),
              IValue.from((PtNDArray) scope.create(targets)),
              IValue.listFrom(lens),
              adapters.tensors(scope),
              IValue.listFrom(adapters.which),
              IValue.listFrom(adapters.scales));
      return split(out[0].toFloatArray(), out[1].toFloatArray(), lens);
    }
  }

  @Override
  public List<Reading> read(List<int[]> sequences) {
    List<Reading> readings = new ArrayList<>();
    for (int from = 0; from < sequences.size(); ) {
      int to = callEnd(from, sequences.size(), i -> sequences.get(i).length);
      readings.addAll(readCall(sequences.subList(from, to)));
      from = to;
    }
    return readings;
  }

  private List<Reading> readCall(List<int[]> rows) {
    rows.forEach(r -> checkLength(r, 2, 0));
    long[] lens = rows.stream().mapToLong(r -> r.length - 1).toArray();
    try (PtNDManager scope = serving.scope()) {
      PtNDArray[] out =
          serving.infer(
              scope,
              "read",
              IValue.from((PtNDArray) scope.create(flat(starts(rows)))),
              IValue.from((PtNDArray) scope.create(flat(targets(rows)))),
              IValue.listFrom(lens));
      List<TokenScores> scores = split(out[0].toFloatArray(), out[1].toFloatArray(), lens);
      List<float[]> embeddings = rows(out[2].toFloatArray(), rows.size());
      List<Reading> readings = new ArrayList<>();
      for (int r = 0; r < rows.size(); r++) {
        readings.add(new Reading(scores.get(r), embeddings.get(r)));
      }
      return readings;
    }
  }

  /** Each row without its last token. */
  private static List<int[]> starts(List<int[]> rows) {
    return rows.stream().map(r -> Arrays.copyOf(r, r.length - 1)).toList();
  }

  /** Each row without its first token. */
  private static List<int[]> targets(List<int[]> rows) {
    return rows.stream().map(r -> Arrays.copyOfRange(r, 1, r.length)).toList();
  }

  /** (count, hidden_size), row by row. */
  private List<float[]> rows(float[] flat, int count) {
    List<float[]> rows = new ArrayList<>();
    for (int r = 0; r < count; r++) {
      rows.add(Arrays.copyOfRange(flat, r * config.hiddenSize(), (r + 1) * config.hiddenSize()));
    }
    return rows;
  }

  private static List<TokenScores> split(float[] logProbs, float[] entropies, long[] lens) {
    List<TokenScores> scores = new ArrayList<>();
    int at = 0;
    for (long len : lens) {
      int end = at + (int) len;
      scores.add(
          new TokenScores(
              Arrays.copyOfRange(logProbs, at, end), Arrays.copyOfRange(entropies, at, end)));
      at = end;
    }
    return scores;
  }

  private void checkLength(int[] tokens, int min, int more) {
    if (tokens.length < min || tokens.length + more > config.maxPositionEmbeddings()) {
      throw new IllegalArgumentException(
          tokens.length
              + " tokens and "
              + more
              + " to add, expected "
              + min
              + " to "
              + config.maxPositionEmbeddings()
              + " together");
    }
  }

  private static long[] flat(List<int[]> rows) {
    return rows.stream().flatMapToInt(IntStream::of).asLongStream().toArray();
  }

  @Override
  public List<TokenScores> scoreAsTrained(AdapterWeights adapter, List<int[]> sequences) {
    List<TokenScores> scores = new ArrayList<>();
    for (int from = 0; from < sequences.size(); ) {
      int to = callEnd(from, sequences.size(), i -> sequences.get(i).length);
      scores.addAll(trainedCall(adapter, sequences.subList(from, to)));
      from = to;
    }
    return scores;
  }

  private List<TokenScores> trainedCall(AdapterWeights adapter, List<int[]> rows) {
    rows.forEach(r -> checkLength(r, 2, 0));
    try (PtNDManager scope = training.scope()) {
      PtNDArray[] out =
          training.infer(
              scope,
              "train_scores",
              IValue.from(BaseTrainer.ids(scope, rows.toArray(int[][]::new))),
              IValue.listFrom(
                  Program.arrays(scope, DjlAdapter.factors(adapter, sites))
                      .toArray(PtNDArray[]::new)),
              IValue.from((PtNDArray) scope.create((float) adapter.config().scale())));
      float[] logProbs = out[0].toFloatArray();
      float[] entropies = out[1].toFloatArray();
      int width = logProbs.length / rows.size();
      List<TokenScores> scores = new ArrayList<>();
      for (int r = 0; r < rows.size(); r++) {
        int end = r * width + rows.get(r).length - 1;
        scores.add(
            new TokenScores(
                Arrays.copyOfRange(logProbs, r * width, end),
                Arrays.copyOfRange(entropies, r * width, end)));
      }
      return scores;
    }
  }

  @Override
  public List<Generation> generate(List<Prompt> prompts) {
    List<Generation> all = new ArrayList<>();
    for (int from = 0; from < prompts.size(); ) {
      int to =
          callEnd(
              from,
              prompts.size(),
              i -> prompts.get(i).tokens().length + prompts.get(i).maxTokens());
      all.addAll(generateCall(prompts.subList(from, to)));
      from = to;
    }
    return all;
  }

  private List<Generation> generateCall(List<Prompt> prompts) {
    prompts.forEach(p -> checkLength(p.tokens(), 1, p.maxTokens()));
    long[] limits = prompts.stream().mapToLong(Prompt::maxTokens).toArray();
    int steps = (int) Arrays.stream(limits).max().orElseThrow();
    try (PtNDManager scope = serving.scope();
        Adapters adapters = new Adapters(prompts.stream().map(Prompt::adapter).toList())) {
      PtNDArray[] out =
          serving.infer(
              scope,
              "generate",
              IValue.from(
                  (PtNDArray) scope.create(flat(prompts.stream().map(Prompt::tokens).toList()))),
              IValue.listFrom(prompts.stream().mapToLong(p -> p.tokens().length).toArray()),
              adapters.tensors(scope),
              IValue.listFrom(adapters.which),
              IValue.listFrom(adapters.scales),
              IValue.listFrom(limits),
              IValue.listFrom(prompts.stream().mapToDouble(Prompt::temperature).toArray()),
              IValue.from(
                  (PtNDArray)
                      scope.create(draws(prompts, steps), new Shape(prompts.size(), steps))));
      long[] tokens = out[0].toLongArray();
      float[] logProbs = out[1].toFloatArray();
      List<Generation> all = new ArrayList<>();
      for (int s = 0; s < prompts.size(); s++) {
        int at = s * steps;
        int end = at + prompts.get(s).maxTokens();
        all.add(
            new Generation(
                Arrays.stream(tokens, at, end).mapToInt(Math::toIntExact).toArray(),
                Arrays.copyOfRange(logProbs, at, end)));
      }
      return all;
    }
  }

  /** One uniform draw a token, each row from its own seed: (prompts, steps). */
  private static float[] draws(List<Prompt> prompts, int steps) {
    float[] draws = new float[prompts.size() * steps];
    for (int s = 0; s < prompts.size(); s++) {
      SplittableRandom random = new SplittableRandom(prompts.get(s).seed());
      for (int t = 0; t < steps; t++) {
        draws[s * steps + t] = (float) random.nextDouble();
      }
    }
    return draws;
  }

  @Override
  public List<float[]> embed(List<int[]> sequences) {
    List<float[]> all = new ArrayList<>();
    for (int from = 0; from < sequences.size(); ) {
      int to = callEnd(from, sequences.size(), i -> sequences.get(i).length);
      all.addAll(embedCall(sequences.subList(from, to)));
      from = to;
    }
    return all;
  }

  private List<float[]> embedCall(List<int[]> rows) {
    rows.forEach(r -> checkLength(r, 1, 0));
    try (PtNDManager scope = serving.scope()) {
      PtNDArray[] out =
          serving.infer(
              scope,
              "embed",
              IValue.from((PtNDArray) scope.create(flat(rows))),
              IValue.listFrom(rows.stream().mapToLong(r -> r.length).toArray()));
      return rows(out[0].toFloatArray(), rows.size());
    }
  }

  @Override
  public Gradients gradients(AdapterWeights adapter, List<WeightedSequence> microBatch) {
    return gradients("adapter_gradients", adapter, microBatch);
  }

  @Override
  public Gradients anchorGradients(AdapterWeights adapter, List<WeightedSequence> microBatch) {
    return gradients("anchor_gradients", adapter, microBatch);
  }

  private Gradients gradients(
      String method, AdapterWeights adapter, List<WeightedSequence> microBatch) {
    int[][] rows = microBatch.stream().map(WeightedSequence::tokens).toArray(int[][]::new);
    for (int[] row : rows) {
      checkLength(row, 2, 0);
    }
    try (PtNDManager scope = training.scope()) {
      PtNDArray ids = BaseTrainer.ids(scope, rows);
      float[] weights = weights(microBatch, Math.toIntExact(ids.getShape().get(1)) - 1);
      NDList out =
          training.train(
              scope,
              method,
              Program.Argument.of("ids", ids),
              Program.Argument.of(
                  "weights",
                  (PtNDArray)
                      scope.create(weights, new Shape(rows.length, weights.length / rows.length))),
              Program.Argument.list("l", Program.arrays(scope, DjlAdapter.factors(adapter, sites))),
              Program.Argument.of(
                  "scale", (PtNDArray) scope.create((float) adapter.config().scale())));
      double total = 0;
      for (float w : weights) {
        total += w;
      }
      List<float[]> a = new ArrayList<>();
      List<float[]> b = new ArrayList<>();
      for (int i = 0; i < sites.size(); i++) {
        a.add(out.get(1 + 2 * i).toFloatArray());
        b.add(out.get(2 + 2 * i).toFloatArray());
      }
      return new Gradients(out.get(0).getFloat(), total, a, b);
    }
  }

  /** (rows, width): a row's weight on each of its predictions, 0 on padding. */
  private static float[] weights(List<WeightedSequence> rows, int width) {
    float[] weights = new float[rows.size() * width];
    for (int r = 0; r < rows.size(); r++) {
      int at = r * width;
      Arrays.fill(weights, at, at + rows.get(r).tokens().length - 1, rows.get(r).weight());
    }
    return weights;
  }

  /** Logits of every position through the program that trains: (rows, time, vocab), flattened. */
  float[] logits(AdapterWeights adapter, int[][] rows) {
    try (PtNDManager scope = training.scope()) {
      return training
          .infer(
              scope,
              "all_logits",
              IValue.from(BaseTrainer.ids(scope, rows)),
              IValue.listFrom(
                  Program.arrays(scope, DjlAdapter.factors(adapter, sites))
                      .toArray(PtNDArray[]::new)),
              IValue.from((PtNDArray) scope.create((float) adapter.config().scale())))[0]
          .toFloatArray();
    }
  }

  /** Frees native memory. */
  void free() {
    memory.close();
    if (serving != training) {
      serving.close();
    }
    training.close();
  }

  @Override
  public void close() {
    onClose.run();
  }
}
