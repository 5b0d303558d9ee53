package dev.millrace.model.base;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraPair;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.release.Routing;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A model whose answers are simple functions of tokens, prefix and adapter. It notes every call,
 * every adapter that is open, and every misuse.
 */
public final class FakeBaseModel implements BaseModel {

  /** A sequence with this token makes the whole call fail. */
  public static final int POISON = '\u0007';

  /** The embedding of a sequence with this token is no number. */
  public static final int BOUNDLESS = '\u0003';

  /** A sequence with this token cannot be embedded. */
  public static final int UNPLACEABLE = '\u0006';

  private static final Site SITE = Site.linear("model.layers.0.self_attn.q_proj", 1, 1);
  private static final int DIM = 16;

  private final String id;
  private final List<Integer> eosTokenId;
  private final LoadedAdapter none = new Adapter(0, false);
  private final AtomicInteger open = new AtomicInteger();
  private final ConcurrentLinkedQueue<String> misuses = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Integer> scoreCalls = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Integer> mostRunning = new ConcurrentLinkedQueue<>();
  private final AtomicInteger generated = new AtomicInteger();
  private int decodingsToFail;

  public FakeBaseModel() {
    this("fake-base");
  }

  /** Another base, that computes the same. */
  public FakeBaseModel(String id) {
    this(id, List.of());
  }

  /** Another, whose texts end with tokens. */
  public FakeBaseModel(String id, List<Integer> eosTokenId) {
    this.id = id;
    this.eosTokenId = eosTokenId;
  }

  /** An adapter that adds a bias to every log-probability. */
  public static AdapterWeights adapter(float bias) {
    return new LoraWeights(
        new LoraConfig(1, 1, false, List.of("q_proj")),
        List.of(new LoraPair(SITE, new float[] {1}, new float[] {bias})));
  }

  /** How many loaded adapters are not closed. */
  public int openAdapters() {
    return open.get();
  }

  /** Adapters used after they were closed, or closed twice. */
  public List<String> misuses() {
    return List.copyOf(misuses);
  }

  /** The number of sequences of each call of {@code score}. */
  public List<Integer> scoreCalls() {
    return List.copyOf(scoreCalls);
  }

  /** The most answers that were ever in each running batch. */
  public List<Integer> mostRunning() {
    return List.copyOf(mostRunning);
  }

  /** How many tokens were computed for all answers. */
  public int generated() {
    return generated.get();
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public MoeConfig config() {
    return MoeConfig.olmoe(new MoeConfig.OlmoeShape(256, DIM, 1, 1, 1, 1, 1, 512))
        .withEosTokenId(eosTokenId);
  }

  @Override
  public List<Site> sites() {
    return List.of(SITE);
  }

  @Override
  public LoadedAdapter load(AdapterWeights adapter) {
    if (adapter.deltas().size() != 1) {
      throw new IllegalArgumentException(adapter.deltas().size() + " sites, expected 1");
    }
    open.incrementAndGet();
    return new Adapter(adapter.deltas().get(0).b()[0], true);
  }

  @Override
  public LoadedAdapter noAdapter() {
    return none;
  }

  @Override
  public BaseModel under(Routing routing) {
    routing.requireOf(config());
    return this;
  }

  @Override
  public List<TokenScores> score(List<Sequence> sequences) {
    scoreCalls.add(sequences.size());
    sequences.forEach(s -> refusePoison(s.tokens()));
    return sequences.stream().map(FakeBaseModel::scored).toList();
  }

  @Override
  public List<Likeliest> likeliest(List<Sequence> sequences, int count, double temperature) {
    throw new UnsupportedOperationException("teaches no student");
  }

  @Override
  public List<Routes> routes(List<Sequence> sequences) {
    return sequences.stream()
        .map(s -> new Routes(List.<int[][]>of(new int[s.tokens().length - 1][1])))
        .toList();
  }

  @Override
  public List<TokenScores> scoreAsTrained(AdapterWeights adapter, List<int[]> sequences) {
    float bias = adapter.deltas().get(0).b()[0];
    return sequences.stream().map(tokens -> scored(tokens, bias)).toList();
  }

  /** Has the next ones fail. */
  public void failDecodings(int count) {
    decodingsToFail = count;
  }

  @Override
  public Decoding decoding(int slots) {
    if (decodingsToFail > 0) {
      decodingsToFail--;
      throw new IllegalStateException("no room");
    }
    return new Batch(slots);
  }

  @Override
  public List<Reading> read(List<int[]> sequences) {
    return sequences.stream()
        .map(
            tokens ->
                new Reading(
                    score(List.of(new Sequence(tokens, noAdapter()))).get(0),
                    surprises(tokens),
                    embed(List.of(Arrays.copyOf(tokens, tokens.length - 1))).get(0)))
        .toList();
  }

  @Override
  public List<float[]> embed(List<int[]> sequences) {
    return sequences.stream().map(FakeBaseModel::embedded).toList();
  }

  @Override
  public int tokensWithin(long bytes, int threads, Computation computation) {
    throw new UnsupportedOperationException("the fake does not train");
  }

  @Override
  public Gradients gradients(
      AdapterWeights adapter, List<WeightedSequence> microBatch, Computation computation) {
    throw new UnsupportedOperationException("the fake does not train");
  }

  @Override
  public Gradients anchorGradients(
      AdapterWeights adapter, List<WeightedSequence> microBatch, Computation computation) {
    throw new UnsupportedOperationException("the fake does not train");
  }

  @Override
  public Gradients teacherGradients(
      AdapterWeights adapter,
      AdapterWeights teacher,
      List<WeightedSequence> microBatch,
      Computation computation) {
    throw new UnsupportedOperationException("the fake does not train");
  }

  @Override
  public PrefixGradients prefixGradients(List<int[]> tokens, List<Prefix> prefixes) {
    throw new UnsupportedOperationException("the fake does not train");
  }

  @Override
  public void close() {
    if (open.get() != 0) {
      misuses.add("closed with " + open.get() + " adapters open");
    }
  }

  private static void refusePoison(int[] tokens) {
    if (Arrays.stream(tokens).anyMatch(t -> t == POISON)) {
      throw new IllegalStateException("poisoned");
    }
  }

  /** Behind a prefix all tokens are predicted, each with the mean of its rows as a bias. */
  private static TokenScores scored(Sequence sequence) {
    float bias = ((Adapter) sequence.adapter()).use();
    Prefix prefix = sequence.prefix();
    int[] tokens = sequence.tokens();
    if (prefix.length() > 0) {
      for (float value : prefix.rows()) {
        bias += value / prefix.rows().length;
      }
      int[] behind = new int[tokens.length + 1];
      System.arraycopy(tokens, 0, behind, 1, tokens.length);
      tokens = behind;
    }
    return scored(tokens, bias);
  }

  /** Text in small letters surprises little, other bytes more, those above 127 most. */
  private static TokenScores scored(int[] tokens, float bias) {
    float[] logProbs = surprises(tokens);
    for (int i = 1; i < tokens.length; i++) {
      logProbs[i - 1] = bias - logProbs[i - 1] - ((tokens[i - 1] * 31 + tokens[i]) & 15) / 64f;
    }
    return new TokenScores(logProbs);
  }

  private static float[] surprises(int[] tokens) {
    float[] surprises = new float[tokens.length - 1];
    for (int i = 1; i < tokens.length; i++) {
      surprises[i - 1] = tokens[i] > 127 ? 5.5f : tokens[i] >= 'a' ? 2 : 3;
    }
    return surprises;
  }

  private static float[] embedded(int[] tokens) {
    float[] sum = new float[DIM];
    if (Arrays.stream(tokens).anyMatch(token -> token == UNPLACEABLE)) {
      throw new IllegalStateException("unplaceable");
    }
    if (Arrays.stream(tokens).anyMatch(token -> token == BOUNDLESS)) {
      sum[0] = Float.NaN;
    }
    for (int i = 1; i < tokens.length; i++) {
      sum[Math.floorMod((tokens[i - 1] * 257 + tokens[i]) * 0x9E3779B9, DIM)] += 1;
    }
    double norm = 1e-9;
    for (float x : sum) {
      norm += x * x;
    }
    for (int i = 0; i < DIM; i++) {
      sum[i] /= (float) Math.sqrt(norm);
    }
    return sum;
  }

  /** Each answer counts through the alphabet, at a pace of its adapter and seed. */
  private final class Batch implements Decoding {

    private final Map<Long, Row> rows = new LinkedHashMap<>();
    private int free;
    private int most;

    Batch(int slots) {
      free = slots;
    }

    @Override
    public boolean admit(long id, Prompt prompt) {
      int length = prompt.length();
      if (length > free) {
        return false;
      }
      free -= length;
      rows.put(id, new Row(id, prompt));
      most = Math.max(most, rows.size());
      return true;
    }

    @Override
    public int running() {
      return rows.size();
    }

    @Override
    public List<Token> step() {
      rows.values().forEach(row -> refusePoison(row.prompt.tokens()));
      List<Token> tokens = rows.values().stream().map(Row::next).toList();
      generated.addAndGet(tokens.size());
      tokens.stream().filter(Token::last).forEach(token -> cancel(token.id()));
      return tokens;
    }

    @Override
    public void cancel(long id) {
      Row row = rows.remove(id);
      if (row != null) {
        free += row.prompt.length();
      }
    }

    @Override
    public void close() {
      mostRunning.add(most);
    }
  }

  private static final class Row {

    private final long id;
    private final Prompt prompt;
    private int last;
    private int emitted;

    Row(long id, Prompt prompt) {
      this.id = id;
      this.prompt = prompt;
      int[] tokens = prompt.tokens();
      float[] seen = prompt.prefix().rows();
      int shown = seen.length == 0 ? 0 : Math.round(seen[0]);
      this.last = (tokens.length == 0 ? 'a' : tokens[tokens.length - 1]) + shown;
    }

    /** A draw among one token is no draw. */
    Decoding.Token next() {
      Sampling sampling = prompt.sampling();
      boolean draws = sampling.temperature() > 0 && sampling.topK() != 1 && sampling.topP() > 0.01;
      int shift = 1 + (int) ((Adapter) prompt.adapter()).use();
      last = 'a' + Math.floorMod(last - 'a' + shift + (draws ? sampling.seed() : 0), 26);
      return new Decoding.Token(id, last, -1, ++emitted == prompt.maxTokens());
    }
  }

  private final class Adapter implements LoadedAdapter {

    private final float bias;
    private final boolean counted;
    private volatile boolean closed;

    Adapter(float bias, boolean counted) {
      this.bias = bias;
      this.counted = counted;
    }

    float use() {
      if (closed) {
        misuses.add("used after close: " + bias);
        throw new IllegalStateException("adapter used after close");
      }
      return bias;
    }

    @Override
    public synchronized void close() {
      if (!counted) {
        return;
      }
      if (closed) {
        misuses.add("closed twice: " + bias);
      }
      closed = true;
      open.decrementAndGet();
    }
  }
}
