package dev.millrace.job.bench;

import dev.millrace.job.BaseTexts;
import dev.millrace.job.corpus.Corpora;
import dev.millrace.job.corpus.Document;
import dev.millrace.model.djl.RoutingTrial;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;

/** Fixed top-k against as many experts as the router's entropy says, on nano. */
final class RoutingBenchmark implements Benchmark {

  private static final int TEXTS = 24;
  private static final int TIMED = 8;
  private static final int LONGEST = 192;
  private static final int RESAMPLES = 2_000;
  private static final String SHADES = " .:-=+*#%@";

  /** Domains that nano has not seen, after those that it has. */
  private static final List<String> NEW = List.of("legal", "health", "dictionary");

  @Override
  public String name() {
    return "routing";
  }

  @Override
  public String summary() {
    return "experts by the router's entropy against fixed top-k: loss, active share, speed";
  }

  @Override
  public List<Table> run(Setting setting) throws Exception {
    Map<String, List<int[]>> texts = texts(setting);
    List<int[]> known = new ArrayList<>();
    texts.forEach((domain, some) -> known.addAll(NEW.contains(domain) ? List.of() : some));
    try (RoutingTrial trial = RoutingTrial.open(setting.nano())) {
      double share = (double) trial.topK() / trial.experts();
      setting.progress().accept("calibrating on " + known.size() + " texts");
      Map<String, RoutingTrial.Rule> rules = new LinkedHashMap<>();
      for (int k = Math.max(1, trial.topK() / 2); k <= trial.topK() + 1; k++) {
        rules.put("top " + k, trial.fixed(k));
      }
      rules.put("entropy, equal share", trial.entropy(known, share));
      RoutingTrial.Rule fewer = trial.entropy(known, 0.75 * share);
      rules.put("entropy, 25 % fewer", fewer);
      List<Table> tables = new ArrayList<>();
      tables.add(losses(setting, trial, rules, known));
      tables.add(drift(setting, trial, fewer, texts, 0.75 * share));
      tables.add(heat(setting, trial, texts));
      return tables;
    }
  }

  private static Map<String, List<int[]>> texts(Setting setting) throws IOException {
    Map<String, List<int[]>> texts = new LinkedHashMap<>();
    try (Tokenizer tokenizer = Tokenizers.open(setting.nano().resolve("tokenizer.json"))) {
      for (BaseTexts.Line line : BaseTexts.lines(setting.nano(), BaseTexts.PROTECTED)) {
        add(texts, line.domain(), tokenizer.encode(line.text()));
      }
      for (String domain : NEW) {
        List<Document> documents = new ArrayList<>(Corpora.load(domain));
        Collections.shuffle(documents, new Random(setting.seed()));
        documents.forEach(d -> add(texts, domain, tokenizer.encode(start(d.text()))));
      }
    }
    return texts;
  }

  private static String start(String text) {
    return text.substring(0, Math.min(text.length(), 4 * LONGEST));
  }

  private static void add(Map<String, List<int[]>> texts, String domain, int[] tokens) {
    List<int[]> some = texts.computeIfAbsent(domain, d -> new ArrayList<>());
    if (some.size() < TEXTS && tokens.length >= 16) {
      some.add(Arrays.copyOf(tokens, Math.min(tokens.length, LONGEST)));
    }
  }

  private static Table losses(
      Setting setting, RoutingTrial trial, Map<String, RoutingTrial.Rule> rules, List<int[]> texts)
      throws Exception {
    Table table =
        new Table(
            "nano on held-out text of its own domains",
            "experts",
            "active %",
            "loss",
            "against top k % (95 %)",
            "tokens/s CPU");
    RoutingTrial.Outcome base = trial.run(texts, trial.fixed(trial.topK()));
    List<int[]> timed = texts.subList(0, Math.min(TIMED, texts.size()));
    List<Contestant> contestants = new ArrayList<>();
    rules.forEach(
        (name, rule) ->
            contestants.add(
                Contestant.onThisThread(
                    name, 0.2, () -> (double) trial.run(timed, rule).tokens())));
    setting.progress().accept("timing " + rules.size() + " rules");
    Race race = Race.run(setting.rounds(), contestants);
    rules.forEach(
        (name, rule) -> {
          RoutingTrial.Outcome outcome = trial.run(texts, rule);
          table.row(
              name,
              100 * outcome.activeShare(),
              outcome.loss(),
              change(base, outcome, setting.seed()),
              race.cpuRate(name));
        });
    return table.note(
        "Loss: nats a token, %d texts, %d tokens. Interval: paired bootstrap over the texts."
            .formatted(texts.size(), base.tokens()));
  }

  /** Relative change of the loss, percent, resampling texts in pairs. */
  private static Estimate change(RoutingTrial.Outcome a, RoutingTrial.Outcome b, long seed) {
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

  private static Table drift(
      Setting setting,
      RoutingTrial trial,
      RoutingTrial.Rule rule,
      Map<String, List<int[]>> texts,
      double share) {
    Table table =
        new Table(
            "Active share over a stream that drifts from domain to domain, %.2f %% wanted"
                .formatted(100 * share),
            "domain",
            "active % as calibrated at first",
            "off by %",
            "active % calibrated anew",
            "off by % anew");
    texts.forEach(
        (domain, some) -> {
          setting.progress().accept("drift: " + domain);
          List<int[]> first = some.subList(0, some.size() / 2);
          List<int[]> second = some.subList(some.size() / 2, some.size());
          double before = trial.run(second, rule).activeShare();
          double anew = trial.run(second, trial.entropy(first, share)).activeShare();
          table.row(
              domain,
              100 * before,
              100 * (before / share - 1),
              100 * anew,
              100 * (anew / share - 1));
        });
    return table.note(
        "Anew: on the first half of a domain's texts; both are measured on the second half.");
  }

  /** One line a domain: how often its tokens go to each expert of the last layer. */
  private static Table heat(Setting setting, RoutingTrial trial, Map<String, List<int[]>> texts) {
    Table table =
        new Table(
            "Experts by domain, last layer, top k",
            "domain",
            "expert 0 to " + (trial.experts() - 1),
            "busiest",
            "its share %",
            "experts for half of the load");
    texts.forEach(
        (domain, some) -> {
          setting.progress().accept("experts of " + domain);
          long[][] load = trial.run(some, trial.fixed(trial.topK())).load();
          long[] last = load[load.length - 1];
          long sum = Arrays.stream(last).sum();
          long[] sorted = last.clone();
          Arrays.sort(sorted);
          long most = sorted[sorted.length - 1];
          int busiest = 0;
          while (last[busiest] != most) {
            busiest++;
          }
          table.row(domain, shades(last, most), busiest, 100.0 * most / sum, half(sorted, sum));
        });
    return table.note("Darker is busier: \"%s\".".formatted(SHADES));
  }

  private static String shades(long[] load, long most) {
    StringBuilder shades = new StringBuilder();
    for (long n : load) {
      shades.append(SHADES.charAt((int) (n * (SHADES.length() - 1) / Math.max(1, most))));
    }
    return String.format(Locale.ROOT, "`%s`", shades);
  }

  private static int half(long[] sorted, long sum) {
    long left = sum / 2;
    int experts = 0;
    for (int i = sorted.length - 1; left > 0; i--) {
      left -= sorted[i];
      experts++;
    }
    return experts;
  }
}
