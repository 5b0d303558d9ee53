package dev.millrace.job.bench.model;

import dev.millrace.job.BaseTexts;
import dev.millrace.job.bench.measure.Benchmark;
import dev.millrace.job.bench.measure.Contestant;
import dev.millrace.job.bench.measure.Estimate;
import dev.millrace.job.bench.measure.HeatMap;
import dev.millrace.job.bench.measure.Race;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.corpus.Corpora;
import dev.millrace.job.corpus.Document;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.base.ShareCalibration;
import dev.millrace.model.base.TokenScores;
import dev.millrace.model.release.Routing;
import dev.millrace.model.text.Tokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.SplittableRandom;

/** Fixed top-k against as many experts as the router's entropy says, on nano. */
public final class RoutingBenchmark implements Benchmark {

  private static final int TEXTS = 24;
  private static final int TIMED = 8;
  private static final int LONGEST = 192;
  private static final int RESAMPLES = 2_000;

  /** Relative difference of the share beyond which the threshold is calibrated anew. */
  private static final double TOLERANCE = 0.02;

  /** Domains that nano has not seen, after those that it has. */
  private static final List<String> NEW = List.of("legal", "health", "dictionary");

  @Override
  public List<Table> run(Setting setting) throws Exception {
    try (BaseModel base = setting.base();
        Tokenizer tokenizer = setting.tokenizer()) {
      Map<String, List<int[]>> known =
          texts(setting, tokenizer, BaseTexts.PROTECTED, Integer.MAX_VALUE);
      Map<String, List<int[]>> drifting = texts(setting, tokenizer, BaseTexts.ANCHORS, TEXTS);
      addNew(setting, tokenizer, drifting);
      List<int[]> recent = all(known);
      double share = share(base, base.config().router().topK());
      setting.progress().accept("calibrating on " + recent.size() + " texts");
      Map<String, Routing> routings = new LinkedHashMap<>();
      for (int k = 2; k <= base.config().router().topK() + 1; k++) {
        routings.put("top " + k, Routing.fixed(base.config(), k));
      }
      routings.put("entropy, equal share", byEntropy(base, recent, share));
      Routing fewer = byEntropy(base, recent, 0.75 * share);
      routings.put("entropy, 25 % fewer", fewer);
      List<int[]> others = all(texts(setting, tokenizer, BaseTexts.ANCHORS, Integer.MAX_VALUE));
      return List.of(
          losses(setting, base, routings, others),
          drift(setting, base, drifted(routings, base), fewer, drifting),
          experts(setting, base, drifting));
    }
  }

  private static double share(BaseModel base, int k) {
    return (double) k / base.config().router().numExperts();
  }

  private static Routing byEntropy(BaseModel base, List<int[]> texts, double share) {
    return ShareCalibration.calibrate(base, Routed.NOTHING, texts, share);
  }

  private static List<int[]> all(Map<String, List<int[]>> texts) {
    return texts.values().stream().flatMap(List::stream).toList();
  }

  private static Map<String, List<int[]>> texts(
      Setting setting, Tokenizer tokenizer, String file, int most) throws IOException {
    Map<String, List<int[]>> texts = new LinkedHashMap<>();
    for (BaseTexts.Line line : BaseTexts.lines(setting.nano(), file)) {
      add(texts, line.domain(), tokenizer.encode(line.text()), most);
    }
    return texts;
  }

  private static void addNew(Setting setting, Tokenizer tokenizer, Map<String, List<int[]>> texts)
      throws IOException {
    for (String domain : NEW) {
      List<Document> documents = new ArrayList<>(Corpora.load(domain));
      Collections.shuffle(documents, new Random(setting.seed()));
      documents.forEach(d -> add(texts, domain, tokenizer.encode(start(d.text())), TEXTS));
    }
  }

  private static String start(String text) {
    return text.substring(0, Math.min(text.length(), 4 * LONGEST));
  }

  private static void add(Map<String, List<int[]>> texts, String domain, int[] tokens, int most) {
    List<int[]> some = texts.computeIfAbsent(domain, d -> new ArrayList<>());
    if (some.size() < most && tokens.length >= 16) {
      some.add(Arrays.copyOf(tokens, Math.min(tokens.length, LONGEST)));
    }
  }

  private static Table losses(
      Setting setting, BaseModel base, Map<String, Routing> routings, List<int[]> texts)
      throws Exception {
    int k = base.config().router().topK();
    String lessK = "top " + 3 * k / 4;
    Table table =
        Table.of(
            "nano on held-out text of its own domains",
            "experts | active %% | loss | against top %d %% (95 %%) | against %s %% (95 %%) | tokens/s CPU"
                .formatted(k, lessK));
    Race race = race(setting, base, routings, texts.subList(0, Math.min(TIMED, texts.size())));
    Map<String, Routed> found = new LinkedHashMap<>();
    routings.forEach(
        (name, routing) -> {
          setting.progress().accept("losses of " + name);
          found.put(name, Routed.run(base, routing, texts));
        });
    Routed fixed = Objects.requireNonNull(found.get("top " + k));
    Routed less = Objects.requireNonNull(found.get(lessK));
    found.forEach(
        (name, routed) ->
            table.row(
                name,
                100 * routed.activeShare(),
                routed.loss(),
                change(fixed, routed, setting.seed()),
                change(less, routed, setting.seed()),
                race.cpuRate(name)));
    return table
        .note(
            "Loss: nats a token, %d texts (anchors), %d tokens. Interval: paired bootstrap over the texts."
                .formatted(texts.size(), fixed.tokens()))
        .note("The threshold was calibrated on other texts (protected).");
  }

  private static Race race(
      Setting setting, BaseModel base, Map<String, Routing> routings, List<int[]> texts)
      throws Exception {
    setting.progress().accept("timing " + routings.size() + " routings");
    List<LoadedAdapter> loaded = new ArrayList<>();
    try {
      List<Contestant> contestants = new ArrayList<>();
      routings.forEach(
          (name, routing) -> {
            LoadedAdapter adapter = base.under(routing).load(Routed.NOTHING);
            loaded.add(adapter);
            List<Sequence> rows = texts.stream().map(t -> new Sequence(t, adapter)).toList();
            contestants.add(Contestant.onThisThread(name, 0.2, () -> tokens(base.score(rows))));
          });
      return Race.run(setting.rounds(), contestants);
    } finally {
      loaded.forEach(LoadedAdapter::close);
    }
  }

  private static double tokens(List<TokenScores> scores) {
    return scores.stream().mapToInt(s -> s.logProbs().length).sum();
  }

  /** Relative change of the loss, percent, resampling texts in pairs. */
  private static Estimate change(Routed a, Routed b, long seed) {
    int n = a.losses().length;
    SplittableRandom random = new SplittableRandom(seed);
    double[] changes = new double[RESAMPLES];
    for (int r = 0; r < RESAMPLES; r++) {
      double before = 0;
      double after = 0;
      for (int i = 0; i < n; i++) {
        int text = random.nextInt(n);
        before += a.losses()[text];
        after += b.losses()[text];
      }
      changes[r] = 100 * (after / before - 1);
    }
    Arrays.sort(changes);
    return new Estimate(
        100 * (b.loss() / a.loss() - 1),
        changes[RESAMPLES / 40],
        changes[RESAMPLES - 1 - RESAMPLES / 40]);
  }

  /**
   * The top k and what the router decides: of another fixed number the share never moves either.
   */
  private static Map<String, Routing> drifted(Map<String, Routing> routings, BaseModel base) {
    Map<String, Routing> some = new LinkedHashMap<>(routings);
    String topK = "top " + base.config().router().topK();
    some.keySet().removeIf(name -> name.startsWith("top ") && !name.equals(topK));
    return some;
  }

  /** Of each routing as calibrated at first, and of one whose threshold follows the stream. */
  private static Table drift(
      Setting setting,
      BaseModel base,
      Map<String, Routing> routings,
      Routing start,
      Map<String, List<int[]>> texts) {
    double share = start.share();
    List<String> columns = new ArrayList<>(List.of("domain"));
    routings.keySet().forEach(name -> columns.add(name + ", active %"));
    columns.addAll(List.of("off by %", "with a threshold that follows", "off by % then"));
    Table table =
        new Table(
            "Active share over a stream that drifts from domain to domain, %.2f %% wanted of the last"
                .formatted(100 * share),
            columns.toArray(String[]::new));
    Routing follows = start;
    for (Map.Entry<String, List<int[]>> domain : texts.entrySet()) {
      setting.progress().accept("drift: " + domain.getKey());
      List<int[]> some = domain.getValue();
      List<int[]> first = some.subList(0, some.size() / 2);
      List<int[]> second = some.subList(some.size() / 2, some.size());
      if (Math.abs(active(base, follows, first) / share - 1) > TOLERANCE) {
        follows = byEntropy(base, first, share);
      }
      List<Object> row = new ArrayList<>(List.of(domain.getKey()));
      routings.values().forEach(routing -> row.add(100 * active(base, routing, second)));
      double then = active(base, follows, second);
      row.add(100 * (active(base, start, second) / share - 1));
      row.addAll(List.of(100 * then, 100 * (then / share - 1)));
      table.row(row.toArray());
    }
    return table.note(
        "The threshold follows where the first half of a domain's texts is off by more than %.0f %%; all columns are of the second half."
            .formatted(100 * TOLERANCE));
  }

  private static double active(BaseModel base, Routing routing, List<int[]> texts) {
    return ShareCalibration.activeShare(base.under(routing), Routed.NOTHING, texts);
  }

  /** How often each domain's tokens go to each expert, under the top k. */
  private static Table experts(Setting setting, BaseModel base, Map<String, List<int[]>> texts) {
    Routing topK = Routing.topK(base.config().router().topK());
    Map<String, Routed> found = new LinkedHashMap<>();
    texts.forEach(
        (domain, some) -> {
          setting.progress().accept("experts of " + domain);
          found.put(domain, Routed.run(base, topK, some));
        });
    int last = found.values().iterator().next().load().length - 1;
    Table table =
        Table.of(
            "Experts by domain, last layer, top k",
            "domain | expert 0 to "
                + (base.config().router().numExperts() - 1)
                + " | busiest | its share % | experts for half of the load | bits from the mean");
    double[] mean = mean(found.values().stream().map(r -> r.shares(last)).toList());
    found.forEach(
        (domain, routed) -> {
          double[] shares = routed.shares(last);
          int busiest = busiest(shares);
          table.row(
              domain,
              HeatMap.text(shares),
              busiest,
              100 * shares[busiest],
              half(shares),
              divergence(shares, mean));
        });
    for (int layer = 0; layer <= last; layer++) {
      int at = layer;
      table.heatMap(
          new HeatMap(
              "Layer " + layer,
              List.copyOf(found.keySet()),
              found.values().stream().map(r -> r.shares(at)).toArray(double[][]::new)));
    }
    return table
        .note(HeatMap.legend() + " All layers: --report FILE.html.")
        .note(
            "Bits from the mean: KL(domain || mean of the domains); 0 would be no specialisation.");
  }

  private static double[] mean(List<double[]> rows) {
    double[] mean = new double[rows.get(0).length];
    for (double[] row : rows) {
      for (int i = 0; i < mean.length; i++) {
        mean[i] += row[i] / rows.size();
      }
    }
    return mean;
  }

  private static int busiest(double[] shares) {
    int busiest = 0;
    for (int i = 0; i < shares.length; i++) {
      busiest = shares[i] > shares[busiest] ? i : busiest;
    }
    return busiest;
  }

  private static int half(double[] shares) {
    double[] sorted = shares.clone();
    Arrays.sort(sorted);
    double left = 0.5;
    int experts = 0;
    for (int i = sorted.length - 1; left > 0 && i >= 0; i--) {
      left -= sorted[i];
      experts++;
    }
    return experts;
  }

  private static double divergence(double[] shares, double[] mean) {
    double bits = 0;
    for (int i = 0; i < shares.length; i++) {
      bits += shares[i] == 0 ? 0 : shares[i] * Math.log(shares[i] / mean[i]) / Math.log(2);
    }
    return bits;
  }
}
