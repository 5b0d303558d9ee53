package dev.millrace.adapter;

import dev.millrace.adapter.gate.Gate;
import dev.millrace.adapter.gate.Judgement;
import dev.millrace.adapter.gate.Served;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Terms;
import dev.millrace.adapter.train.Trainers;
import dev.millrace.adapter.train.Training;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.RuleResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Trains the candidates of a lesson, and has the gate judge them. */
record Candidates(
    Surroundings surroundings,
    LearnerConfig config,
    Trainers trainers,
    ShareKeeper shares,
    Gate gate) {

  /** Candidates between one that goes too far and one that gains nothing. */
  private static final int BLENDS = 2;

  /** Passes of anchors alone that may follow a lesson that harms what is protected. */
  private static final int REPAIRS = 4;

  /** Share of a change from which on it is taken, rather than the change trained back further. */
  private static final double ENOUGH = 0.7;

  private static final String REPAIRED = "repaired";

  /** Candidates of a lesson, one after the other, up to one that is accepted. */
  List<Attempt> attempts(Task taught, Governor governor) {
    List<Attempt> attempts = new ArrayList<>();
    Trained plain = train(taught, 1, governor);
    Attempt whole = whole(plain);
    attempts.add(whole);
    if (!whole.judgement().onlyGoesTooFar()) {
      return attempts;
    }
    Trained repaired = repaired(taught, plain, governor);
    if (repaired.repairs() > 0) {
      attempts.addAll(within(repaired));
      if (accepted(attempts)) {
        return attempts;
      }
    }
    double anchors = anchors(taught);
    if (anchors > 1) {
      attempts.addAll(between(train(taught, anchors, governor), plain));
    }
    if (!accepted(attempts)) {
      attempts.addAll(nearer(whole));
    }
    Judgement last = attempts.get(attempts.size() - 1).judgement();
    if (last.onlyGoesTooFar() && mayAnchor(taught)) {
      attempts.addAll(between(train(taught, Anchoring.heavy(anchors), governor), plain));
    }
    return attempts;
  }

  /**
   * Goes on from a candidate that harms what is protected, with anchors alone, until it harms no
   * more than it may, or nearly so: a pass more would undo more than a share leaves out. The first
   * may make it worse, since the optimizer's momentum still learns; a later one that does is the
   * last. What came nearest is taken.
   */
  private Trained repaired(Task taught, Trained plain, Governor governor) {
    double start = gate.pressure(start(plain));
    double before = pressure(plain);
    Trained nearest = plain;
    double least = before;
    Trained last = plain;
    double pressure = before;
    boolean falls = mayRepair(taught);
    while (falls && least > 1 && reach(start, least) < ENOUGH && last.repairs() < REPAIRS) {
      long begun = surroundings.clock().millis();
      Training repair =
          training(
              last.training().state(),
              taught.lesson().again(last.repairs() + 1),
              terms(taught, plain.routing(), Terms.ANCHORS_ALONE),
              governor);
      last = last.then(repair, surroundings.clock().millis() - begun);
      double after = pressure(last);
      falls = after < pressure || last.repairs() == 1;
      pressure = after;
      if (after < least) {
        nearest = last;
        least = after;
      }
    }
    return nearest.repairs() == 0
        ? plain
        : nearest.knowing(repairs(before, least, nearest.repairs()));
  }

  private static RuleResult repairs(double before, double after, int passes) {
    return new RuleResult(
        REPAIRED,
        true,
        "anchors alone brought it from %s of the nearest protected bound to %s"
            .formatted(before, after),
        new TreeMap<>(Map.of("before", before, "after", after, "passes", (double) passes)));
  }

  /** Not where few anchors stand beside a lesson. */
  private boolean mayRepair(Task taught) {
    return isTested(taught)
        && config.train().anchorWeight() > 0
        && config.train().anchorShare() > 0;
  }

  private static boolean accepted(List<Attempt> attempts) {
    return attempts.get(attempts.size() - 1).judgement().accepted();
  }

  private Attempt whole(Trained trained) {
    return judge(trained, trained.training().state(), mix(trained, 1), config.halvings() > 0);
  }

  private static Mix mix(Trained trained, double share) {
    return new Mix(share, trained.anchors(), 0, trained.repairs());
  }

  /** All of what repairs led to, or shares of it: what is known to go too far is not judged. */
  private List<Attempt> within(Trained repaired) {
    if (config.halvings() > 0 && pressure(repaired) > 1) {
      return shares(repaired, gate.reach(start(repaired), served(repaired)));
    }
    Attempt whole = whole(repaired);
    return Stream.concat(Stream.of(whole), nearer(whole).stream()).toList();
  }

  private List<Attempt> nearer(Attempt whole) {
    Judgement judgement = whole.judgement();
    return judgement.onlyGoesTooFar() ? shares(whole.trained(), judgement.reach()) : List.of();
  }

  /**
   * Shares of a change that goes too far, one after the other.
   *
   * @param reach of the whole
   */
  private List<Attempt> shares(Trained trained, double reach) {
    List<Attempt> attempts = new ArrayList<>();
    Approach approach = new Approach(config.halvings());
    double last = reach;
    boolean tooFar = true;
    while (approach.mayGoOn() && tooFar) {
      Mix mix = mix(trained, approach.next(last));
      Attempt attempt = judge(trained, trained.training().state(), mix, approach.mayGoOn());
      attempts.add(attempt);
      last = attempt.judgement().reach();
      tooFar = attempt.judgement().onlyGoesTooFar();
    }
    return attempts;
  }

  /** What heavier anchors led to, else as far from there towards what the others led to. */
  private List<Attempt> between(Trained anchored, Trained plain) {
    List<Attempt> attempts = new ArrayList<>();
    Attempt attempt = whole(anchored);
    attempts.add(attempt);
    double blend = attempt.judgement().accepted() ? 0 : blend(anchored, plain);
    for (int i = 0; i < BLENDS && blend > 0 && goesOn(attempt.judgement(), i); i++) {
      Mix mix = new Mix(1, anchored.anchors(), blend, 0);
      attempt = judge(anchored, plain.training().state(), mix, i + 1 < BLENDS);
      attempts.add(attempt);
      blend /= 2;
    }
    return attempts;
  }

  private static boolean goesOn(Judgement judgement, int blends) {
    return blends == 0 || judgement.onlyGoesTooFar();
  }

  /** By a straight line, how far one may go from one to the other; 0 where one may not at all. */
  private double blend(Trained from, Trained to) {
    double start = pressure(from);
    double end = pressure(to);
    return end > 1 ? Approach.CAUTION * reach(start, end) : 0;
  }

  /** By a straight line, which share of the way from one pressure to another is within bounds. */
  private static double reach(double start, double end) {
    return start < 1 ? (1 - start) / (end - start) : 0;
  }

  private double pressure(Trained trained) {
    return gate.pressure(served(trained));
  }

  private Served served(Trained trained) {
    return shares.served(trained.training().state(), trained.routing());
  }

  /** What serves before a lesson, under the routing that is to serve after it. */
  private Served start(Trained trained) {
    return shares.served(trained.task().before().adapter(), trained.routing());
  }

  /** How many times as much the anchors are to weigh, once a change goes too far. */
  private double anchors(Task taught) {
    return mayAnchor(taught) ? Anchoring.times(gate.pressure(taught.incumbent())) : 1;
  }

  /** Not where few anchors stand beside a lesson, nor where there is no release that harms. */
  private boolean mayAnchor(Task taught) {
    return isTested(taught) && taught.before().release() != null;
  }

  private boolean isTested(Task taught) {
    return taught.lesson().fresh().size() >= config.gate().lesson().least();
  }

  private Trained train(Task taught, double anchors, Governor governor) {
    long start = surroundings.clock().millis();
    LearnerState before = taught.before();
    Lesson lesson = taught.lesson();
    Routing routing = shares.routing(before.routing(), before.adapter(), lesson);
    Training training =
        training(before.adapter(), lesson, terms(taught, routing, anchors), governor);
    long millis = surroundings.clock().millis() - start;
    return new Trained(
        taught, tries(before, taught.known()), anchors, 0, routing, training, millis);
  }

  private Training training(AdapterState state, Lesson lesson, Terms terms, Governor governor) {
    governor.training(true);
    try {
      return trainers.train(state, lesson, terms, governor);
    } finally {
      governor.training(false);
    }
  }

  private Terms terms(Task taught, Routing routing, double anchors) {
    String name = Beginnings.name(taught.batch().tenant(), taught.batch().domain());
    return new Terms(name, routing, anchors, config.plan().precision());
  }

  /** What is learned again is nothing new to try, and no fresh samples come with it. */
  private boolean tries(LearnerState before, List<RuleResult> known) {
    return config.watch().withheld() > 0
        && config.watch().samples() > 0
        && before.predecessor() == null
        && known.stream().noneMatch(rule -> rule.rule().equals(Relearning.RULE));
  }

  private Attempt judge(Trained trained, AdapterState plain, Mix mix, boolean mayComeNearer) {
    Task task = trained.task();
    LearnerState before = task.before();
    AdapterState candidate = mix.of(before.adapter(), trained.training().state(), plain);
    Served served = shares.served(candidate, trained.routing());
    Judgement judgement =
        gate.judge(
            new Gate.Candidate(
                served,
                task.incumbent(),
                trained.training(),
                mix.share(),
                task.texts(),
                task.lesson().seed()),
            before.heldOut().entries(),
            mayComeNearer);
    return new Attempt(
        trained, mix, candidate, served, compared(judgement.after(task.known()), task));
  }

  /** Of what passed the gate, whether it is better than what serves in its place. */
  private Judgement compared(Judgement judgement, Task task) {
    Predecessor predecessor = task.before().predecessor();
    return predecessor == null || !judgement.accepted()
        ? judgement
        : judgement.after(
            predecessor.compare(judgement.heldOut(), config.gate(), task.lesson().seed()));
  }

  /** What serves now, with the threshold of the traffic that came, and nothing learned. */
  Attempt rerouted(Attempt refused) {
    Trained trained = refused.trained();
    Task nothing = trained.task().withoutLesson();
    LearnerState before = nothing.before();
    Training still = Training.none(before.adapter());
    Trained unchanged =
        new Trained(
            nothing,
            trained.tried(),
            trained.anchors(),
            trained.repairs(),
            trained.routing(),
            still,
            trained.millis());
    Served served = shares.served(before.adapter(), trained.routing());
    Gate.Candidate candidate =
        new Gate.Candidate(
            served, nothing.incumbent(), still, 1, List.of(), nothing.lesson().seed());
    Judgement judgement = gate.judgeRouting(candidate, before.heldOut().entries());
    return new Attempt(
        unchanged,
        Mix.WHOLE,
        before.adapter(),
        served,
        compared(judgement.after(refused.judgement().refusal()).after(nothing.known()), nothing));
  }
}
