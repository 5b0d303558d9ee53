package dev.millrace.adapter.gate;

import dev.millrace.adapter.train.Workers;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Routes;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.base.TokenScores;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraWeights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Measures adapters; what the base makes of the protected sets is measured once. */
final class Examination {
  private static final int SEQUENCES_A_CALL = 8;

  /** An adapter that adds to no matrix. */
  private static final AdapterWeights NOTHING =
      new LoraWeights(new LoraConfig(1, 1, false, List.of()), List.of());

  private final BaseModel base;
  private final List<ProtectedSet> protectedSets;
  private final Canaries canaries;
  private final GateConfig config;
  private final int threads;

  /** On the protected sets, nats by set. */
  private final LatestAdapters<Map<String, Double>> losses = new LatestAdapters<>(64);

  private final LatestAdapters<Routed> routes = new LatestAdapters<>(16);

  private @Nullable Map<String, Double> baseNats;

  /**
   * @param threads on which texts are scored at once
   */
  Examination(BaseModel base, Protection protection, GateConfig config, int threads) {
    this.base = base;
    this.config = config;
    this.threads = threads;
    protectedSets = protection.sets().stream().map(set -> bounded(set, config)).toList();
    List<Canary> asked = config.canaryTokens() == 0 ? List.of() : protection.canaries();
    canaries = new Canaries(base, asked, config.canaryTokens());
  }

  private record Routed(List<int[]> texts, List<Routes> routes) {
    boolean areOf(List<int[]> others) {
      return Arrays.deepEquals(texts.toArray(), others.toArray());
    }
  }

  /** Measures a candidate; the caller closes it. */
  Sitting sitting(Gate.Candidate candidate, List<HeldOut> heldOut) {
    List<int[]> texts = heldOut.stream().map(HeldOut::tokens).toList();
    List<int[]> some = texts.subList(0, Math.min(config.paritySamples(), texts.size()));
    return new Sitting(this, base, candidate, texts, some);
  }

  Canaries canaries() {
    return canaries;
  }

  Workers workers() {
    return new Workers(threads);
  }

  /** What the protected sets lose by an adapter as it serves. */
  ProtectedRise rise(Served served) {
    return served.isBase(base) ? rise(baseNats()) : rise(served, texts -> logProbs(texts, served));
  }

  /**
   * The same.
   *
   * @param score sums of log-probabilities of texts by this adapter, nats; asked if they are not
   *     known
   */
  ProtectedRise rise(Served served, Function<List<int[]>, double[]> score) {
    return rise(losses.of(served, () -> protectedNats(score)));
  }

  private ProtectedRise rise(Map<String, Double> after) {
    return rise(baseNats(), after);
  }

  /** What the protected sets lose by this base, to another. */
  ProtectedRise rise(Examination other) {
    return rise(other.baseNats(), baseNats());
  }

  private static ProtectedRise rise(Map<String, Double> before, Map<String, Double> after) {
    Map<String, Double> sets = new TreeMap<>();
    after.forEach((name, nats) -> sets.put(name, nats / before.getOrDefault(name, 0.0) - 1));
    return new ProtectedRise(sets, sum(after) / sum(before) - 1);
  }

  /** Nats a token that the base needs for the protected sets; not a number if there are none. */
  double natsOfProtected() {
    int tokens =
        protectedSets.stream()
            .flatMap(set -> set.sequences().stream())
            .mapToInt(text -> text.length - 1)
            .sum();
    return sum(baseNats()) / tokens;
  }

  /**
   * Mean |Δ log p| between training and serving of the base alone on some protected texts, nats.
   */
  double parity() {
    List<int[]> texts =
        protectedSets.stream()
            .flatMap(set -> set.sequences().stream())
            .limit(config.paritySamples())
            .toList();
    return Sitting.parity(
        base.scoreAsTrained(NOTHING, texts), base.score(sequences(texts, base.noAdapter())));
  }

  /** (sequences): sums of log-probabilities, nats. */
  double[] logProbs(List<int[]> tokens, Served by) {
    try (LoadedAdapter served = by.load(base)) {
      return logProbs(tokens, served);
    }
  }

  /** The same by an adapter that is loaded. */
  double[] logProbs(List<int[]> tokens, LoadedAdapter adapter) {
    return sums(shared(sequences(tokens, adapter), base::score));
  }

  /** (two, sequences): the same by either of two adapters. */
  double[][] logProbs(List<int[]> tokens, LoadedAdapter one, LoadedAdapter other) {
    List<Sequence> both =
        Stream.of(one, other).flatMap(adapter -> sequences(tokens, adapter).stream()).toList();
    double[] sums = sums(shared(both, base::score));
    return new double[][] {
      Arrays.copyOf(sums, tokens.size()), Arrays.copyOfRange(sums, tokens.size(), sums.length)
    };
  }

  private static double sum(Map<String, Double> nats) {
    return nats.values().stream().mapToDouble(Double::doubleValue).sum();
  }

  /**
   * How a candidate uses the experts.
   *
   * @param texts that tell it
   * @param after how it routes them
   */
  Harm.Usage usage(Gate.Candidate candidate, List<int[]> texts, List<Routes> after) {
    List<Routes> before = routes(candidate.incumbent(), texts);
    routes.learn(candidate.served(), new Routed(texts, after));
    double agreement = 0;
    long active = 0;
    long routed = 0;
    int count = base.config().router().numExperts();
    long[] chosen = new long[count];
    for (int i = 0; i < texts.size(); i++) {
      Routes of = after.get(i);
      agreement += before.get(i).agreement(of) / texts.size();
      active += of.active();
      routed += of.routed();
      of.countLast(chosen);
    }
    return new Harm.Usage(
        texts.isEmpty() ? Double.NaN : agreement,
        routed == 0 ? 1 : active / ((double) routed * count),
        shares(chosen));
  }

  private List<Routes> routes(Served served, List<int[]> texts) {
    Routed known = routes.known(served);
    if (known != null && known.areOf(texts)) {
      return known.routes();
    }
    try (LoadedAdapter loaded = served.load(base)) {
      return shared(sequences(texts, loaded), base::routes);
    }
  }

  private static double[] shares(long[] counts) {
    long all = Arrays.stream(counts).sum();
    return all == 0
        ? new double[0]
        : Arrays.stream(counts).mapToDouble(count -> (double) count / all).toArray();
  }

  private synchronized Map<String, Double> baseNats() {
    if (baseNats == null) {
      baseNats = protectedNats(texts -> logProbs(texts, base.noAdapter()));
    }
    return baseNats;
  }

  private Map<String, Double> protectedNats(Function<List<int[]>, double[]> score) {
    double[] sums =
        score.apply(protectedSets.stream().flatMap(set -> set.sequences().stream()).toList());
    Map<String, Double> nats = new TreeMap<>();
    int at = 0;
    for (ProtectedSet set : protectedSets) {
      int end = at + set.sequences().size();
      nats.put(set.name(), Case.nats(Arrays.copyOfRange(sums, at, end)));
      at = end;
    }
    return nats;
  }

  private static List<Sequence> sequences(List<int[]> tokens, LoadedAdapter adapter) {
    return tokens.stream().map(text -> new Sequence(text, adapter)).toList();
  }

  private <S, T> List<T> shared(List<S> all, Function<List<S>, List<T>> model) {
    try (Workers workers = workers()) {
      return workers.inOrder(calls(all, model)).stream().flatMap(List::stream).toList();
    }
  }

  /** Calls of the model on all of a list, as many for each thread; two texts are one call. */
  <S, T> List<Callable<List<T>>> calls(List<S> all, Function<List<S>, List<T>> model) {
    int each = (all.size() + SEQUENCES_A_CALL * threads - 1) / (SEQUENCES_A_CALL * threads);
    int count = all.size() == 2 ? 1 : each * threads; // one alone takes half as long again
    List<Callable<List<T>>> calls = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      List<S> some = all.subList(i * all.size() / count, (i + 1) * all.size() / count);
      if (!some.isEmpty()) {
        calls.add(() -> model.apply(some));
      }
    }
    return calls;
  }

  static double[] sums(List<TokenScores> scores) {
    return scores.stream().mapToDouble(TokenScores::logProb).toArray();
  }

  private static ProtectedSet bounded(ProtectedSet set, GateConfig config) {
    List<int[]> usable = set.sequences().stream().filter(t -> t.length >= 2).toList();
    int n = Math.min(usable.size(), config.protectedSamples());
    return new ProtectedSet(set.name(), List.copyOf(usable.subList(0, n)));
  }
}
