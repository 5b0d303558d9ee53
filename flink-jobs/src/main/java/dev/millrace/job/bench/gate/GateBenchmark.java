package dev.millrace.job.bench.gate;

import dev.millrace.adapter.PastSamples;
import dev.millrace.adapter.SharedReleases;
import dev.millrace.adapter.Surroundings;
import dev.millrace.adapter.batch.BatchPolicy;
import dev.millrace.adapter.publish.Draft;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.job.BaseTexts;
import dev.millrace.job.Openers;
import dev.millrace.job.bench.gate.GateTrial.Finding;
import dev.millrace.job.bench.gate.GateTrial.Findings;
import dev.millrace.job.bench.measure.Benchmark;
import dev.millrace.job.bench.measure.Estimate;
import dev.millrace.job.bench.measure.Lap;
import dev.millrace.job.bench.measure.RunLog;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.score.SampleTokens;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.TrainingBatch;
import java.io.FileNotFoundException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What the gate refuses of honest candidates and of bad ones, on nano and the demo's domains. */
public final class GateBenchmark implements Benchmark {

  /** Each domain is learned so many times, from different places of its stream on. */
  private static final int LINEAGES = 4;

  /**
   * Half of the samples that a batch has otherwise: a good candidate gains less and a bad one harms
   * less, so the gate is never asked for less, and a run takes half the time.
   */
  private static final int SAMPLES = 32;

  @Override
  public List<Table> run(Setting setting) throws Exception {
    MillraceConfig config = MillraceConfig.defaults();
    RunLog<Findings> log =
        RunLog.open(setting.log(), run(setting, config), Findings.class, Lap::processNanos);
    List<Findings> findings;
    try (BaseModel base = setting.base();
        Tokenizer tokenizer = setting.tokenizer()) {
      SampleTokens tokens = new SampleTokens(tokenizer, config.score().model().trainTokens());
      GateMaterial material =
          GateMaterial.read(setting.nano(), Openers.heldOut(config), tokens, setting.seed());
      Surroundings surroundings = surroundings(setting, base, tokenizer);
      findings = log.all(trials(setting, config, material, surroundings));
    }
    List<Finding> candidates = findings.stream().flatMap(f -> f.candidates().stream()).toList();
    int waited = findings.stream().mapToInt(Findings::waited).sum();
    return List.of(
        kinds(candidates, waited, log.processorSeconds()),
        domains(candidates),
        mistakes(candidates));
  }

  private static String run(Setting setting, MillraceConfig config) {
    return "gate, seed %d, rounds %d, %s, %s"
        .formatted(setting.seed(), setting.rounds(), config.learn(), policy(config));
  }

  private static BatchPolicy policy(MillraceConfig config) {
    return new BatchPolicy(SAMPLES, config.batch().spanMillis(), config.batch().heldOut(), 0);
  }

  private static List<Callable<Findings>> trials(
      Setting setting, MillraceConfig config, GateMaterial material, Surroundings surroundings) {
    List<Callable<Findings>> trials = new ArrayList<>();
    int lineages = setting.rounds() < Setting.FEWEST_ROUNDS ? 1 : LINEAGES;
    for (int lineage = 0; lineage < lineages; lineage++) {
      for (String domain : material.domains()) {
        int trial = trials.size();
        double start = (double) lineage / lineages;
        trials.add(() -> trial(setting, config, material, surroundings, domain, start, trial));
      }
    }
    return trials;
  }

  /** The learner of the demo, whose releases are kept nowhere. */
  static Surroundings surroundings(Setting setting, BaseModel base, Tokenizer tokenizer)
      throws Exception {
    return new Surroundings(
        base,
        tokenizer,
        BaseTexts.anchors(setting.nano(), tokenizer),
        BaseTexts.protection(setting.nano(), tokenizer),
        new Nowhere(),
        (uri, maxBytes) -> {
          throw new FileNotFoundException(uri + " was never written");
        },
        PastSamples.none(),
        SharedReleases.none(),
        Openers.machine(),
        InstantSource.system(),
        Map.of());
  }

  /** Keeps nothing: what is published here never serves. */
  private record Nowhere() implements ReleaseStore {
    @Override
    public String publish(Draft draft) {
      return uri(draft.manifest().id());
    }

    @Override
    public String uri(String release) {
      return "bench:" + release;
    }
  }

  private static Findings trial(
      Setting setting,
      MillraceConfig config,
      GateMaterial material,
      Surroundings surroundings,
      String domain,
      double start,
      int trial) {
    int count = setting.rounds();
    List<String> domains = material.domains();
    String other = domains.get((domains.indexOf(domain) + 1 + trial % 4) % domains.size());
    List<TrainingBatch> batches = material.batches(domain, start, count, policy(config));
    List<TrainingBatch> foreign = material.batches(other, start, count, policy(config));
    Findings findings =
        new GateTrial(surroundings, config.learn(), setting.seed() + trial)
            .run(batches, foreign, trial);
    setting.tell(
        "learned %s from %s of its stream on: %s", domain, start, said(findings.candidates()));
    return findings;
  }

  /** What a trial has shown, for those who stop the run before its tables. */
  private static String said(List<Finding> findings) {
    return "honest " + fates(findings, true) + ", bad " + fates(findings, false);
  }

  private static String fates(List<Finding> findings, boolean honest) {
    List<Finding> some =
        findings.stream().filter(finding -> (finding.spoiling() == null) == honest).toList();
    long published = some.stream().filter(Finding::published).count();
    long waiting = some.stream().filter(Finding::waits).count();
    return "%d of %d published, %d wait".formatted(published, some.size(), waiting);
  }

  private static Table kinds(List<Finding> findings, int waited, double processorSeconds) {
    Table table =
        Table.of(
            "Candidates by kind",
            "kind | candidates | published | wait | refused | stopped % | aim | by rule");
    add(table, "honest", findings, null, "at most 2 % refused");
    for (Spoiling spoiling : Spoiling.values()) {
      String aim =
          spoiling.aim() == 0
              ? "reported"
              : spoiling.aim() == 1 ? "all" : "at least %.0f %%".formatted(100 * spoiling.aim());
      add(table, spoiling.toString(), findings, spoiling, aim);
    }
    return table
        .note(
            "A candidate may be refused by several rules. Stopped: not published. Against those"
                + " that wait nothing speaks but that they go too far, or are no better and no"
                + " worse by the test; their texts are taught again with the next batch's. A bad"
                + " candidate that waits counts as stopped, an honest one not as refused.")
        .note(
            "%d batches more waited, and no candidate was made of them. Processor time: %.0f s."
                .formatted(waited, processorSeconds));
  }

  private static void add(
      Table table, String name, List<Finding> all, @Nullable Spoiling spoiling, String aim) {
    List<Finding> findings = all.stream().filter(f -> f.spoiling() == spoiling).toList();
    if (findings.isEmpty()) {
      return;
    }
    long published = findings.stream().filter(Finding::published).count();
    long waiting = findings.stream().filter(Finding::waits).count();
    long refused = findings.stream().filter(Finding::refused).count();
    double stopped = 100.0 * (findings.size() - published) / findings.size();
    table.row(name, findings.size(), published, waiting, refused, stopped, aim, rules(findings));
  }

  private static String rules(List<Finding> findings) {
    Map<String, Long> counts =
        findings.stream()
            .flatMap(finding -> finding.rules().stream())
            .filter(rule -> !rule.passed())
            .collect(Collectors.groupingBy(RuleResult::rule, TreeMap::new, Collectors.counting()));
    return counts.entrySet().stream()
        .map(rule -> rule.getKey() + " " + rule.getValue())
        .collect(Collectors.joining(", "));
  }

  private static Table domains(List<Finding> findings) {
    Table table =
        Table.of(
            "Honest candidates by domain",
            "domain | candidates | published | wait | refused | gain % | protected rise % | routing agreement | by rule");
    Map<String, List<Finding>> domains =
        findings.stream()
            .filter(finding -> finding.spoiling() == null)
            .collect(Collectors.groupingBy(Finding::domain, TreeMap::new, Collectors.toList()));
    domains.forEach(
        (domain, some) ->
            table.row(
                domain,
                some.size(),
                some.stream().filter(Finding::published).count(),
                some.stream().filter(Finding::waits).count(),
                some.stream().filter(Finding::refused).count(),
                100 * median(some, "better-than-incumbent", "gain"),
                100 * median(some, "protected-unharmed", "(all)"),
                median(some, "routing-agreement", "agreement"),
                rules(some)));
    return table.note("Medians over the candidates that were measured, refused ones included.");
  }

  private static double median(List<Finding> findings, String rule, String figure) {
    double[] values =
        findings.stream()
            .flatMap(finding -> finding.rules().stream())
            .filter(result -> result.rule().equals(rule))
            .mapToDouble(result -> result.figures().getOrDefault(figure, Double.NaN))
            .toArray();
    return values.length == 0 ? Double.NaN : Estimate.of(values).median();
  }

  /** Good candidates that were refused, and bad ones that were not though they should have been. */
  private static Table mistakes(List<Finding> findings) {
    Table table =
        Table.of(
            "Mistakes",
            "kind | domain | batch | by rule | foreign texts | unordered texts | fall on lesson % | gap % | gain % | resamples won | protected rise % | routing agreement");
    for (Finding finding : findings) {
      Spoiling how = finding.spoiling();
      boolean mistaken = how == null ? finding.refused() : how.aim() > 0 && finding.published();
      if (mistaken) {
        List<Finding> one = List.of(finding);
        table.row(
            how == null ? "honest" : how.toString(),
            finding.domain(),
            finding.batch(),
            rules(one),
            median(one, "in-domain", "foreign"),
            median(one, "token-order", "unordered"),
            100 * median(one, "generalization-gap", "lesson"),
            100 * median(one, "generalization-gap", "gap"),
            100 * median(one, "better-than-incumbent", "gain"),
            median(one, "better-than-incumbent", "wins"),
            100 * median(one, "protected-unharmed", "(all)"),
            median(one, "routing-agreement", "agreement"));
      }
    }
    return table;
  }
}
