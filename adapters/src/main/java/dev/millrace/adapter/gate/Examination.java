package dev.millrace.adapter.gate;

import dev.millrace.adapter.train.Workers;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Routes;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.base.TokenScores;
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

  private final BaseModel base;
  private final List<ProtectedSet> protectedSets;
  private final Canaries canaries;
  private final GateConfig config;
  private final int threads;
  private final ProtectedLosses losses = new ProtectedLosses();
  private @Nullable Map<String, Double> baseNats;

  /**
   * @param threads on which texts are scored at once
   */
  Examination(BaseModel base, Protection protection, GateConfig config, int threads) {
    this.base = base;
    this.config = config;
    this.threads = threads;
    protectedSets = protection.sets().stream().map(set -> bounded(set, config)).toList();
    canaries = new Canaries(base, protection.canaries(), config.canaryTokens());
  }

  Harm harm(Gate.Candidate candidate, List<HeldOut> heldOut) {
    try (LoadedAdapter served = candidate.served().load(base)) {
      ProtectedRise rise = rise(losses.of(candidate.served(), () -> protectedNats(served)));
      return new Harm(rise, usage(candidate.incumbent(), heldOut, served));
    }
  }

  /** What the protected sets lose by an adapter as it serves. */
  ProtectedRise rise(Served served) {
    return rise(served.isBase(base) ? baseNats() : losses.of(served, () -> loadedNats(served)));
  }

  private Map<String, Double> loadedNats(Served served) {
    try (LoadedAdapter loaded = served.load(base)) {
      return protectedNats(loaded);
    }
  }

  private ProtectedRise rise(Map<String, Double> after) {
    Map<String, Double> before = baseNats();
    Map<String, Double> sets = new TreeMap<>();
    after.forEach((name, nats) -> sets.put(name, nats / before.getOrDefault(name, 0.0) - 1));
    return new ProtectedRise(sets, sum(after) / sum(before) - 1);
  }

  Fit fit(Gate.Candidate candidate, List<HeldOut> heldOut) {
    List<int[]> tokens =
        Stream.concat(
                heldOut.stream().map(HeldOut::tokens),
                candidate.lesson().stream().map(LessonText::tokens))
            .toList();
    try (LoadedAdapter served = candidate.served().load(base)) {
      List<TokenScores> scores = scores(tokens, served);
      return new Fit(
          List.copyOf(scores.subList(0, heldOut.size())),
          sums(scores.subList(heldOut.size(), scores.size())));
    }
  }

  Measured measure(Gate.Candidate candidate, List<HeldOut> heldOut, Fit fit) {
    List<int[]> tokens = heldOut.stream().map(HeldOut::tokens).toList();
    try (LoadedAdapter served = candidate.served().load(base)) {
      return new Measured(
          parity(candidate.served(), tokens, fit.heldOut()),
          canaries.count(),
          canaries.changed(served));
    }
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

  /** (sequences): sums of log-probabilities, nats. */
  double[] logProbs(List<int[]> tokens, LoadedAdapter adapter) {
    return sums(scores(tokens, adapter));
  }

  /** (two, sequences): the same by either of two adapters. */
  double[][] logProbs(List<int[]> tokens, LoadedAdapter one, LoadedAdapter other) {
    List<Sequence> both =
        Stream.of(one, other)
            .flatMap(adapter -> tokens.stream().map(text -> new Sequence(text, adapter)))
            .toList();
    double[] sums = sums(shared(both, base::score));
    return new double[][] {
      Arrays.copyOf(sums, tokens.size()), Arrays.copyOfRange(sums, tokens.size(), sums.length)
    };
  }

  private static double sum(Map<String, Double> nats) {
    return nats.values().stream().mapToDouble(Double::doubleValue).sum();
  }

  private double parity(Served candidate, List<int[]> tokens, List<TokenScores> served) {
    int n = Math.min(config.paritySamples(), tokens.size());
    BaseModel under = base.under(candidate.routing());
    List<TokenScores> trained =
        shared(tokens.subList(0, n), some -> under.scoreAsTrained(candidate.adapter(), some));
    double sum = 0;
    int count = 0;
    for (int i = 0; i < n; i++) {
      float[] a = trained.get(i).logProbs();
      float[] b = served.get(i).logProbs();
      for (int t = 0; t < a.length; t++) {
        sum += Math.abs((double) a[t] - b[t]);
      }
      count += a.length;
    }
    return sum / count;
  }

  private Harm.Usage usage(Served incumbent, List<HeldOut> heldOut, LoadedAdapter candidate) {
    List<int[]> some = heldOut.stream().limit(config.paritySamples()).map(HeldOut::tokens).toList();
    double agreement = 0;
    long active = 0;
    long routed = 0;
    int count = base.config().router().numExperts();
    long[] chosen = new long[count];
    try (LoadedAdapter served = incumbent.load(base)) {
      List<Sequence> sequences = new ArrayList<>();
      some.forEach(text -> sequences.add(new Sequence(text, candidate)));
      some.forEach(text -> sequences.add(new Sequence(text, served)));
      List<Routes> all = shared(sequences, base::routes);
      for (int i = 0; i < some.size(); i++) {
        Routes routes = all.get(i);
        agreement += all.get(some.size() + i).agreement(routes) / some.size();
        active += routes.active();
        routed += routes.routed();
        routes.countLast(chosen);
      }
    }
    return new Harm.Usage(
        some.isEmpty() ? Double.NaN : agreement,
        routed == 0 ? 1 : active / ((double) routed * count),
        shares(chosen));
  }

  private static double[] shares(long[] counts) {
    long all = Arrays.stream(counts).sum();
    return all == 0
        ? new double[0]
        : Arrays.stream(counts).mapToDouble(count -> (double) count / all).toArray();
  }

  private synchronized Map<String, Double> baseNats() {
    if (baseNats == null) {
      baseNats = protectedNats(base.noAdapter());
    }
    return baseNats;
  }

  private Map<String, Double> protectedNats(LoadedAdapter adapter) {
    List<int[]> all = protectedSets.stream().flatMap(set -> set.sequences().stream()).toList();
    double[] sums = logProbs(all, adapter);
    Map<String, Double> nats = new TreeMap<>();
    int at = 0;
    for (ProtectedSet set : protectedSets) {
      int end = at + set.sequences().size();
      nats.put(set.name(), Case.nats(Arrays.copyOfRange(sums, at, end)));
      at = end;
    }
    return nats;
  }

  private List<TokenScores> scores(List<int[]> tokens, LoadedAdapter adapter) {
    return shared(tokens.stream().map(text -> new Sequence(text, adapter)).toList(), base::score);
  }

  /** Calls of the model on all of a list, as many for each thread. */
  private <S, T> List<T> shared(List<S> all, Function<List<S>, List<T>> model) {
    int each = (all.size() + SEQUENCES_A_CALL * threads - 1) / (SEQUENCES_A_CALL * threads);
    int count = each * threads;
    List<Callable<List<T>>> calls = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      List<S> some = all.subList(i * all.size() / count, (i + 1) * all.size() / count);
      if (!some.isEmpty()) {
        calls.add(() -> model.apply(some));
      }
    }
    try (Workers workers = new Workers(threads)) {
      return workers.inOrder(calls).stream().flatMap(List::stream).toList();
    }
  }

  private static double[] sums(List<TokenScores> scores) {
    return scores.stream().mapToDouble(TokenScores::logProb).toArray();
  }

  private static ProtectedSet bounded(ProtectedSet set, GateConfig config) {
    List<int[]> usable = set.sequences().stream().filter(t -> t.length >= 2).toList();
    int n = Math.min(usable.size(), config.protectedSamples());
    return new ProtectedSet(set.name(), List.copyOf(usable.subList(0, n)));
  }
}
