package dev.millrace.adapter.gate;

import dev.millrace.adapter.batch.Draws;
import dev.millrace.model.assign.Profile;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.wire.ErrorLine;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** A {@link Gate} that measures on a base model. */
final class ModelGate implements Gate {
  private static final EnoughEvidence ENOUGH_EVIDENCE = new EnoughEvidence();
  private static final List<Rule> BEFORE_MEASURING =
      List.of(new Finite(), new NotExploded(), new NormOfChange(), ENOUGH_EVIDENCE);
  private static final List<Rule> LEARNED = List.of(new GeneralizationGap());
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
    double[] byIncumbent =
        incumbent.isBase(base) ? byBase : examination.logProbs(tokens, incumbent);
    List<HeldOut> examined = new ArrayList<>();
    for (int i = 0; i < usable.size(); i++) {
      examined.add(heldOut(usable.get(i), byBase[i], byIncumbent[i]));
    }
    return List.copyOf(examined);
  }

  @Override
  public double[][] logProbs(List<ScoredSample> samples, Served one, Served other) {
    List<int[]> tokens = samples.stream().map(ScoredSample::tokens).toList();
    try (LoadedAdapter first = one.load(base);
        LoadedAdapter second = other.load(base)) {
      return examination.logProbs(tokens, first, second);
    }
  }

  @Override
  public List<HeldOut> reexamine(List<HeldOut> heldOut, Served incumbent) {
    List<int[]> tokens = heldOut.stream().map(HeldOut::tokens).toList();
    return judged(heldOut, examination.logProbs(tokens, incumbent));
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
  public LessonFindings inspect(
      List<int[]> lesson,
      Profile domain,
      boolean first,
      List<HeldOut> heldOut,
      Served incumbent,
      long seed) {
    LessonConfig how = config.lesson();
    if (how.texts() == 0) {
      return new LessonFindings(List.of(), List.of());
    }
    double byBase = nats(heldOut, HeldOut::baseLogProb);
    RuleResult inDomain =
        InDomain.judge(lesson, domain, first, byBase / examination.natsOfProtected(), how);
    if (!inDomain.passed()) {
      return new LessonFindings(List.of(inDomain), List.of());
    }
    List<LessonText> read = how.tests(lesson.size()) ? read(lesson, incumbent, seed) : List.of();
    RuleResult order = TokenOrder.judge(read, nats(heldOut, HeldOut::incumbentLogProb), how);
    return new LessonFindings(List.of(inDomain, order), read);
  }

  /** A token of the held-out texts. */
  private static double nats(List<HeldOut> heldOut, ToDoubleFunction<HeldOut> logProb) {
    double nats = Case.nats(heldOut.stream().mapToDouble(logProb).toArray());
    int tokens = heldOut.stream().mapToInt(sample -> sample.tokens().length - 1).sum();
    return nats / tokens;
  }

  /** Some texts of a lesson, and as many of the same tokens in another order. */
  private List<LessonText> read(List<int[]> lesson, Served incumbent, long seed) {
    int n = Math.min(config.lesson().texts(), lesson.size());
    List<int[]> some = new ArrayList<>();
    for (int i = 0; i < n; i++) { // evenly: what waited, and what is new
      some.add(lesson.get(i * lesson.size() / n));
    }
    List<int[]> both = new ArrayList<>(some);
    for (int i = 0; i < n; i++) {
      both.add(reordered(some.get(i), Draws.mix(seed, i)));
    }
    try (LoadedAdapter served = incumbent.load(base)) {
      double[] logProbs = examination.logProbs(both, served);
      List<LessonText> read = new ArrayList<>();
      for (int i = 0; i < n; i++) {
        read.add(new LessonText(some.get(i), logProbs[i], logProbs[n + i]));
      }
      return List.copyOf(read);
    }
  }

  /** What texts begin with stays where it is. */
  private int[] reordered(int[] text, long seed) {
    int begin = Math.min(text.length, tokenizer.bos().length);
    IntStream rest =
        Arrays.stream(Draws.permutation(text.length - begin, seed)).map(i -> text[begin + i]);
    return IntStream.concat(Arrays.stream(text, 0, begin), rest).toArray();
  }

  @Override
  public double pressure(Served incumbent) {
    return examination.rise(incumbent).pressure(config);
  }

  @Override
  public double reach(Served start, Served end) {
    return examination.rise(end).reach(examination.rise(start), config);
  }

  @Override
  public Judgement judge(Candidate candidate, List<HeldOut> heldOut, boolean mayComeNearer) {
    return judge(
        candidate,
        heldOut,
        evidence -> judge(evidence, BEFORE_MEASURING, LEARNED, mayComeNearer, MEASURED));
  }

  @Override
  public Judgement judgeRouting(Candidate candidate, List<HeldOut> heldOut) {
    return judge(
        candidate,
        heldOut,
        evidence -> judge(evidence, UNTRAINED, List.of(), false, MEASURED_ROUTING));
  }

  @Override
  public Judgement judgeAdopted(Candidate candidate, List<HeldOut> heldOut) {
    return judge(
        candidate, heldOut, evidence -> judge(evidence, UNTRAINED, List.of(), false, MEASURED));
  }

  private Judgement judge(
      Candidate candidate, List<HeldOut> heldOut, Function<Case, Judgement> rules) {
    try (Sitting sitting = examination.sitting(candidate, heldOut)) {
      return rules.apply(
          new Case(config, candidate, heldOut, sitting::harm, sitting::fit, sitting::measure));
    }
  }

  private Judgement judge(
      Case evidence,
      List<Rule> first,
      List<Rule> learned,
      boolean mayComeNearer,
      List<Rule> measured) {
    List<HeldOut> heldOut = evidence.heldOut;
    List<RuleResult> results = new ArrayList<>(ask(first, evidence));
    if (passed(results)) {
      results.addAll(ask(learned, evidence));
    }
    if (passed(results)) {
      results.addAll(ask(HARMLESS, evidence));
      if (!passed(results) && mayComeNearer) {
        return new Judgement(List.copyOf(results), heldOut, reach(evidence));
      }
      results.addAll(ask(measured, evidence));
    }
    return new Judgement(
        List.copyOf(results),
        passed(results) ? judged(heldOut, evidence.fit().heldOutLogProbs()) : heldOut,
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
      return rule.result(false, "it could not be judged: " + ErrorLine.of(e), Map.of());
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
