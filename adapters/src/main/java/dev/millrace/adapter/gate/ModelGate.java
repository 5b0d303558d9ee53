package dev.millrace.adapter.gate;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.ScoredSample;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;

/** A {@link Gate} that measures on a base model. */
final class ModelGate implements Gate {
  private static final EnoughEvidence ENOUGH_EVIDENCE = new EnoughEvidence();
  private static final List<Rule> BEFORE_MEASURING =
      List.of(new Finite(), new NotExploded(), new NormOfChange(), ENOUGH_EVIDENCE);
  private static final List<Rule> HARMLESS =
      List.of(new ProtectedUnharmed(), new RoutingAgreement());
  private static final List<Rule> MEASURED =
      List.of(new BetterThanIncumbent(), new TrainServeParity(), new CanaryPrompts());
  private static final List<Rule> UNTRAINED =
      List.of(new Finite(), new NormOfChange(), ENOUGH_EVIDENCE);
  private static final List<Rule> MEASURED_ROUTING =
      List.of(new NoWorseThanIncumbent(), new TrainServeParity(), new CanaryPrompts());

  private final BaseModel base;
  private final Tokenizer tokenizer;
  private final GateConfig config;
  private final Examination examination;

  ModelGate(
      BaseModel base, Tokenizer tokenizer, Protection protection, GateConfig config, int threads) {
    this.base = base;
    this.tokenizer = tokenizer;
    this.config = config;
    examination = new Examination(base, protection, config, threads);
  }

  @Override
  public List<HeldOut> examine(List<ScoredSample> samples, Served incumbent) {
    List<ScoredSample> usable = samples.stream().filter(s -> s.tokens().length >= 2).toList();
    List<int[]> tokens = usable.stream().map(ScoredSample::tokens).toList();
    double[] byBase = examination.logProbs(tokens, base.noAdapter());
    double[] byIncumbent = logProbs(usable, incumbent);
    List<HeldOut> examined = new ArrayList<>();
    for (int i = 0; i < usable.size(); i++) {
      examined.add(heldOut(usable.get(i), byBase[i], byIncumbent[i]));
    }
    return List.copyOf(examined);
  }

  @Override
  public double[] logProbs(List<ScoredSample> samples, Served by) {
    try (LoadedAdapter served = by.load(base)) {
      return examination.logProbs(samples.stream().map(ScoredSample::tokens).toList(), served);
    }
  }

  @Override
  public List<HeldOut> reexamine(List<HeldOut> heldOut, Served incumbent) {
    try (LoadedAdapter served = incumbent.load(base)) {
      return judged(
          heldOut, examination.logProbs(heldOut.stream().map(HeldOut::tokens).toList(), served));
    }
  }

  @Override
  public RuleResult unpinned(boolean pinned) {
    String reason = "the domain is pinned; its samples wait";
    return new RuleResult("unpinned", !pinned, pinned ? reason : "", new TreeMap<>());
  }

  @Override
  public RuleResult evidence(List<HeldOut> heldOut) {
    return ENOUGH_EVIDENCE.judge(heldOut, config);
  }

  @Override
  public Judgement judge(Candidate candidate, List<HeldOut> heldOut, boolean mayComeNearer) {
    return judge(evidence(candidate, heldOut), BEFORE_MEASURING, mayComeNearer, MEASURED);
  }

  @Override
  public Judgement judgeRouting(Candidate candidate, List<HeldOut> heldOut) {
    return judge(evidence(candidate, heldOut), UNTRAINED, false, MEASURED_ROUTING);
  }

  @Override
  public Judgement judgeAdopted(Candidate candidate, List<HeldOut> heldOut) {
    return judge(evidence(candidate, heldOut), UNTRAINED, false, MEASURED);
  }

  private Case evidence(Candidate candidate, List<HeldOut> heldOut) {
    return new Case(
        config,
        candidate,
        heldOut,
        () -> examination.harm(candidate, heldOut),
        () -> examination.measure(candidate, heldOut));
  }

  private Judgement judge(
      Case evidence, List<Rule> first, boolean mayComeNearer, List<Rule> measured) {
    List<HeldOut> heldOut = evidence.heldOut;
    List<RuleResult> results = new ArrayList<>(ask(first, evidence));
    if (passed(results)) {
      results.addAll(ask(HARMLESS, evidence));
      if (!passed(results) && mayComeNearer) {
        return new Judgement(List.copyOf(results), heldOut, reach(evidence));
      }
      results.addAll(ask(measured, evidence));
    }
    return new Judgement(
        List.copyOf(results),
        passed(results) ? judged(heldOut, evidence.measured().heldOut()) : heldOut,
        1);
  }

  /** Of a candidate that goes too far. */
  private double reach(Case evidence) {
    if (!evidence.knowsHarm()) {
      return 0;
    }
    Candidate candidate = evidence.candidate;
    Served start = new Served(candidate.incumbent().adapter(), candidate.served().routing());
    return evidence.harm().reach(examination.rise(start), config);
  }

  private static boolean passed(List<RuleResult> results) {
    return results.stream().allMatch(RuleResult::passed);
  }

  private HeldOut heldOut(ScoredSample sample, double byBase, double byIncumbent) {
    int bytes = tokenizer.decode(sample.tokens()).getBytes(StandardCharsets.UTF_8).length;
    return new HeldOut(
        sample.sample().id(),
        sample.sample().origin(),
        sample.tokens(),
        bytes,
        byBase,
        byIncumbent);
  }

  private static List<RuleResult> ask(List<Rule> rules, Case evidence) {
    return rules.stream().map(rule -> ask(rule, evidence)).toList();
  }

  /** What cannot be looked at refuses too. */
  private static RuleResult ask(Rule rule, Case evidence) {
    try {
      return rule.judge(evidence);
    } catch (CancellationException e) {
      throw e;
    } catch (RuntimeException e) {
      return rule.result(false, "it could not be judged: " + e, Map.of());
    }
  }

  private static List<HeldOut> judged(List<HeldOut> heldOut, double[] logProbs) {
    List<HeldOut> judged = new ArrayList<>();
    for (HeldOut sample : heldOut) {
      judged.add(sample.judgedBy(logProbs[judged.size()]));
    }
    return List.copyOf(judged);
  }
}
