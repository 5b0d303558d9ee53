package dev.millrace.adapter.bigram;

import static java.util.Comparator.comparingDouble;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Computation;
import dev.millrace.model.base.Decoding;
import dev.millrace.model.base.Generation;
import dev.millrace.model.base.Gradients;
import dev.millrace.model.base.Likeliest;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Prefix;
import dev.millrace.model.base.PrefixGradients;
import dev.millrace.model.base.Products;
import dev.millrace.model.base.Prompt;
import dev.millrace.model.base.Reading;
import dev.millrace.model.base.Routes;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.base.TokenScores;
import dev.millrace.model.base.WeightedSequence;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.peft.LoraPair;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.release.Routing;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A true, tiny language model: x one-hot, h = x + s·B₁A₁x, logits = log P·h + s·B₂A₂h, where P is a
 * table of bigrams. Its gradients are exact.
 */
public final class BigramBase implements BaseModel {
  public static final int VOCAB = 16;

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private static final List<Site> SITES =
      List.of(Site.linear("layers.0.mix", VOCAB, VOCAB), Site.linear("layers.0.out", VOCAB, VOCAB));

  private final String id;
  private final double[][] logits;
  private final double servedError;
  private final AtomicInteger loaded = new AtomicInteger();
  private volatile int poisonedToken = -1;
  private volatile double poison = Double.NaN;
  private volatile boolean dawdles;
  private volatile @Nullable Products slow;
  private volatile Products asked = Products.FP32;
  private final AtomicInteger calls = new AtomicInteger();
  private final Queue<List<Integer>> readAhead = new ConcurrentLinkedQueue<>();
  private final Set<List<Integer>> scored = ConcurrentHashMap.newKeySet();

  public BigramBase(Bigrams bigrams) {
    this(bigrams, 0);
  }

  /** A base whose serving weights are off by about this much in every logit. */
  public BigramBase(Bigrams bigrams, double servedError) {
    this("b".repeat(64), bigrams, servedError);
  }

  /** Another base. */
  public BigramBase(String id, Bigrams bigrams) {
    this(id, bigrams, 0);
  }

  private BigramBase(String id, Bigrams bigrams, double servedError) {
    this.id = id;
    this.logits = bigrams.logProbs();
    this.servedError = servedError;
  }

  /** From now on a sequence with this token has a loss that is not a number. */
  public void poison(int token) {
    poison(token, Double.NaN);
  }

  /** From now on a sequence with this token has that loss. */
  public void poison(int token, double loss) {
    poison = loss;
    poisonedToken = token;
  }

  /** From now on every second gradient takes far longer than its neighbours. */
  public void dawdle() {
    dawdles = true;
  }

  /** From now on gradients in one type take far longer than in the other. */
  public void slow(Products products) {
    slow = products;
  }

  /** In which type the last gradients were asked for. */
  public Products products() {
    return asked;
  }

  /** Ten times as long as it took: how fast the machine computes must not matter. */
  private static void linger(long startNanos) {
    long end = startNanos + 10 * (THREADS.getCurrentThreadCpuTime() - startNanos);
    while (THREADS.getCurrentThreadCpuTime() < end) {
      Thread.onSpinWait();
    }
  }

  private void spin() {
    boolean slow = dawdles && calls.incrementAndGet() % 2 == 1;
    for (int i = 0; slow && i < 200_000; i++) {
      Thread.onSpinWait();
    }
  }

  /** How many adapters are loaded and not closed. */
  public int loaded() {
    return loaded.get();
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public MoeConfig config() {
    return MoeConfig.olmoe(new MoeConfig.OlmoeShape(VOCAB, VOCAB, 1, 1, 1, VOCAB, 1, 512));
  }

  @Override
  public List<Site> sites() {
    return SITES;
  }

  @Override
  public LoadedAdapter load(AdapterWeights adapter) {
    loaded.incrementAndGet();
    return new Loaded(adapter, loaded);
  }

  @Override
  public LoadedAdapter noAdapter() {
    return () -> {};
  }

  @Override
  public BaseModel under(Routing routing) {
    routing.requireOf(config());
    return this;
  }

  @Override
  public List<TokenScores> score(List<Sequence> sequences) {
    return sequences.stream().map(this::score).toList();
  }

  /** Whether tokens were ever scored. */
  public boolean hasScored(int[] tokens) {
    return scored.contains(Arrays.stream(tokens).boxed().toList());
  }

  private TokenScores score(Sequence sequence) {
    scored.add(Arrays.stream(sequence.tokens()).boxed().toList());
    return scores(pass(sequence.adapter()), sequence.tokens(), servedError);
  }

  @Override
  public List<Likeliest> likeliest(List<Sequence> sequences, int count, double temperature) {
    return sequences.stream().map(sequence -> likeliest(sequence, count)).toList();
  }

  private Likeliest likeliest(Sequence sequence, int count) {
    Pass pass = pass(sequence.adapter());
    int n = sequence.tokens().length - 1;
    int[] tokens = new int[n * count];
    float[] logProbs = new float[n * count];
    for (int t = 0; t < n; t++) {
      double[] p = pass.probabilities(sequence.tokens()[t], servedError);
      List<Integer> sorted =
          IntStream.range(0, VOCAB).boxed().sorted(comparingDouble(i -> -p[i])).toList();
      for (int i = 0; i < count; i++) {
        tokens[t * count + i] = sorted.get(i);
        logProbs[t * count + i] = (float) Math.log(p[sorted.get(i)]);
      }
    }
    return new Likeliest(count, tokens, logProbs);
  }

  /** A token is read by the expert of the largest entry of its hidden state. */
  @Override
  public List<Routes> routes(List<Sequence> sequences) {
    return sequences.stream().map(this::routes).toList();
  }

  private Routes routes(Sequence sequence) {
    Pass pass = pass(sequence.adapter());
    int[][] chosen = new int[sequence.tokens().length - 1][1];
    for (int t = 0; t < chosen.length; t++) {
      chosen[t][0] = largest(pass.hidden(sequence.tokens()[t]));
    }
    return new Routes(List.<int[][]>of(chosen));
  }

  private Pass pass(LoadedAdapter adapter) {
    return new Pass(adapter instanceof Loaded loaded ? loaded.weights() : null);
  }

  private static int largest(double[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      best = values[i] > values[best] ? i : best;
    }
    return best;
  }

  /** Each next token is the likeliest after the last. */
  @Override
  public List<Generation> generate(List<Prompt> prompts, Runnable before) {
    return prompts.stream().map(prompt -> generation(prompt, before)).toList();
  }

  private Generation generation(Prompt prompt, Runnable before) {
    Pass pass = pass(prompt.adapter());
    int[] tokens = new int[prompt.maxTokens()];
    int last = prompt.tokens()[prompt.tokens().length - 1];
    for (int t = 0; t < tokens.length; t++) {
      before.run();
      last = largest(pass.probabilities(last, servedError));
      tokens[t] = last;
    }
    return new Generation(tokens, new float[tokens.length]);
  }

  @Override
  public List<TokenScores> scoreAsTrained(AdapterWeights adapter, List<int[]> sequences) {
    Pass pass = new Pass(adapter);
    return sequences.stream().map(tokens -> scores(pass, tokens, 0)).toList();
  }

  private static TokenScores scores(Pass pass, int[] tokens, double error) {
    if (tokens.length < 2) {
      throw new IllegalArgumentException(tokens.length + " tokens, expected at least 2");
    }
    float[] logProbs = new float[tokens.length - 1];
    for (int t = 1; t < tokens.length; t++) {
      double[] p = pass.probabilities(tokens[t - 1], error);
      logProbs[t - 1] = (float) Math.log(p[tokens[t]]);
    }
    return new TokenScores(logProbs);
  }

  /** A kibibyte each, in bf16 two. */
  @Override
  public int tokensWithin(long bytes, int threads, Computation computation) {
    return (int) ((bytes / threads) >> (computation.products() == Products.BF16 ? 11 : 10));
  }

  @Override
  public Gradients gradients(
      AdapterWeights adapter, List<WeightedSequence> microBatch, Computation computation) {
    asked = computation.products();
    long start = THREADS.getCurrentThreadCpuTime();
    spin();
    Pass pass = new Pass(adapter);
    for (WeightedSequence row : microBatch) {
      for (int t = 1; t < row.tokens().length; t++) {
        pass.backward(row.tokens()[t - 1], target(row, t), row.weight());
        if (row.tokens()[t] == poisonedToken) {
          pass.loss = poison;
        }
      }
    }
    Gradients gradients = pass.gradients();
    if (computation.products() == slow) {
      linger(start);
    }
    return gradients;
  }

  /** A teacher must name all tokens. */
  private static double[] target(WeightedSequence row, int t) {
    double[] target = new double[VOCAB];
    Likeliest taught = row.taught();
    if (taught == null) {
      target[row.tokens()[t]] = 1;
      return target;
    }
    for (int i = 0; i < VOCAB; i++) {
      int at = (t - 1) * VOCAB + i;
      target[taught.tokens()[at]] = Math.exp(taught.logProbs()[at]);
    }
    return target;
  }

  @Override
  public Gradients anchorGradients(
      AdapterWeights adapter, List<WeightedSequence> microBatch, Computation computation) {
    return toward(new Pass(null), adapter, microBatch);
  }

  @Override
  public void readAhead(List<WeightedSequence> anchors, Computation computation) {
    for (WeightedSequence anchor : anchors) {
      readAhead.add(Arrays.stream(anchor.tokens()).boxed().toList());
    }
  }

  /** The tokens of what was read ahead, in order. */
  public List<List<Integer>> readAhead() {
    return List.copyOf(readAhead);
  }

  @Override
  public Gradients teacherGradients(
      AdapterWeights adapter,
      AdapterWeights teacher,
      List<WeightedSequence> microBatch,
      Computation computation) {
    return toward(new Pass(teacher), adapter, microBatch);
  }

  private Gradients toward(Pass teacher, AdapterWeights adapter, List<WeightedSequence> rows) {
    Pass pass = new Pass(adapter);
    for (WeightedSequence row : rows) {
      for (int t = 1; t < row.tokens().length; t++) {
        int token = row.tokens()[t - 1];
        pass.backward(token, teacher.probabilities(token, 0), row.weight());
      }
    }
    return pass.gradients();
  }

  @Override
  public PrefixGradients prefixGradients(List<int[]> tokens, List<Prefix> prefixes) {
    throw new UnsupportedOperationException("learning reads no prefixes");
  }

  @Override
  public Decoding decoding(int slots) {
    throw new UnsupportedOperationException("learning does not generate");
  }

  @Override
  public List<Reading> read(List<int[]> sequences) {
    throw new UnsupportedOperationException("learning does not read");
  }

  @Override
  public List<float[]> embed(List<int[]> sequences) {
    throw new UnsupportedOperationException("learning does not embed");
  }

  @Override
  public void close() {}

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  private record Loaded(AdapterWeights weights, AtomicInteger count) implements LoadedAdapter {
    @Override
    public void close() {
      count.decrementAndGet();
    }
  }

  /** One use of the model with one adapter, and the gradients that it gathers. */
  private final class Pass {
    final int rank;
    final double scale;
    final List<LoraPair> pairs;
    final double[] a1;
    final double[] b1;
    final double[] a2;
    final double[] b2;
    double loss;
    double weight;

    Pass(AdapterWeights weights) {
      LoraWeights adapter = (LoraWeights) weights;
      rank = adapter == null ? 0 : adapter.config().rank();
      scale = adapter == null ? 0 : adapter.config().scale();
      pairs = adapter == null ? new ArrayList<>() : adapter.pairs();
      a1 = new double[rank * VOCAB];
      b1 = new double[VOCAB * rank];
      a2 = new double[rank * VOCAB];
      b2 = new double[VOCAB * rank];
    }

    double[] probabilities(int token, double error) {
      return softmax(logits(hidden(token)), error);
    }

    /** The loss is KL(target ‖ p), which for a one-hot target is −log p. */
    void backward(int token, double[] target, double w) {
      double[] h = hidden(token);
      double[] p = softmax(logits(h), 0);
      weight += w;
      double[] dLogits = new double[VOCAB];
      for (int i = 0; i < VOCAB; i++) {
        loss += target[i] == 0 ? 0 : w * target[i] * Math.log(target[i] / p[i]);
        dLogits[i] = w * (p[i] - target[i]);
      }
      double[] dHidden = site(pairs.get(1), h, dLogits, a2, b2);
      for (int i = 0; i < VOCAB; i++) {
        for (int o = 0; o < VOCAB; o++) {
          dHidden[i] += logits[i][o] * dLogits[o];
        }
      }
      site(pairs.get(0), oneHot(token), dHidden, a1, b1);
    }

    Gradients gradients() {
      return new Gradients(loss, weight, List.of(floats(a1), floats(b1), floats(a2), floats(b2)));
    }

    /** Adds the gradients of one site, and returns that by its input. */
    private double[] site(LoraPair pair, double[] x, double[] dOut, double[] dA, double[] dB) {
      double[] dIn = new double[VOCAB];
      for (int r = 0; r < rank; r++) {
        double down = 0;
        double dDown = 0;
        for (int i = 0; i < VOCAB; i++) {
          down += pair.a()[r * VOCAB + i] * x[i];
          dDown += scale * pair.b()[i * rank + r] * dOut[i];
        }
        for (int i = 0; i < VOCAB; i++) {
          dB[i * rank + r] += scale * dOut[i] * down;
          dA[r * VOCAB + i] += dDown * x[i];
          dIn[i] += dDown * pair.a()[r * VOCAB + i];
        }
      }
      return dIn;
    }

    private double[] hidden(int token) {
      double[] h = oneHot(token);
      return pairs.isEmpty() ? h : add(h, delta(pairs.get(0), h));
    }

    private double[] logits(double[] h) {
      double[] out = new double[VOCAB];
      for (int i = 0; i < VOCAB; i++) {
        for (int o = 0; o < VOCAB; o++) {
          out[o] += logits[i][o] * h[i];
        }
      }
      return pairs.isEmpty() ? out : add(out, delta(pairs.get(1), h));
    }

    private double[] delta(LoraPair pair, double[] x) {
      double[] out = new double[VOCAB];
      for (int r = 0; r < rank; r++) {
        double down = 0;
        for (int i = 0; i < VOCAB; i++) {
          down += pair.a()[r * VOCAB + i] * x[i];
        }
        for (int o = 0; o < VOCAB; o++) {
          out[o] += scale * pair.b()[o * rank + r] * down;
        }
      }
      return out;
    }

    private double[] oneHot(int token) {
      double[] x = new double[VOCAB];
      x[token] = 1;
      return x;
    }

    private double[] add(double[] x, double[] y) {
      double[] sum = x.clone();
      for (int i = 0; i < VOCAB; i++) {
        sum[i] += y[i];
      }
      return sum;
    }

    private double[] softmax(double[] z, double error) {
      double[] p = new double[VOCAB];
      double sum = 0;
      for (int i = 0; i < VOCAB; i++) {
        p[i] = Math.exp(z[i] + (i % 2 == 0 ? error : -error));
        sum += p[i];
      }
      for (int i = 0; i < VOCAB; i++) {
        p[i] /= sum;
      }
      return p;
    }
  }
}
