package dev.millrace.adapter.gate;

import dev.millrace.adapter.train.Training;
import dev.millrace.model.assign.Profile;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.ScoredSample;
import java.util.List;

/** Judges a quantized candidate on the weights that would serve it. */
public interface Gate {

  /** Scores new held-out samples by the base and by what serves now. */
  List<HeldOut> examine(List<ScoredSample> samples, Served incumbent);

  /** (two, samples): sums of log-probabilities of samples, of 2 tokens or more, by either, nats. */
  double[][] logProbs(List<ScoredSample> samples, Served one, Served other);

  /** The held-out samples as what serves from now on judges them. */
  List<HeldOut> reexamine(List<HeldOut> heldOut, Served incumbent);

  /** Whether the domain may change its release at all; asked before a candidate is trained. */
  RuleResult unpinned(boolean pinned);

  /** Whether there is enough to judge any candidate by; asked before one is trained. */
  RuleResult evidence(List<HeldOut> heldOut);

  /**
   * Asks whether a lesson is one of its domain, before it teaches.
   *
   * @param lesson token ids of its fresh texts
   * @param domain what its held-out and learned texts are made of
   * @param first whether the domain has learned nothing yet
   * @param seed of the draw of what is read, and of other orders of it
   */
  LessonFindings inspect(
      List<int[]> lesson,
      Profile domain,
      boolean first,
      List<HeldOut> heldOut,
      Served incumbent,
      long seed);

  /**
   * How near a bound what serves has come, of what it may make of the protected sets: 1 is at it.
   */
  double pressure(Served incumbent);

  /**
   * By a straight line, how far one may go from what serves to something else before it harms what
   * is protected too much, as a share of the way, 0..1.
   */
  double reach(Served start, Served end);

  /**
   * Asks every rule; none more once the candidate is known to go too far, if a nearer one will be
   * judged then.
   */
  Judgement judge(Candidate candidate, List<HeldOut> heldOut, boolean mayComeNearer);

  /** Asks the rules for what serves now under another routing. */
  Judgement judgeRouting(Candidate candidate, List<HeldOut> heldOut);

  /** Asks every rule but those on training, for a candidate that was not trained here. */
  Judgement judgeAdopted(Candidate candidate, List<HeldOut> heldOut);

  /**
   * What is judged.
   *
   * @param served the candidate
   * @param incumbent what serves now
   * @param training how it came about
   * @param share how much of what training changed it takes over, 0..1
   * @param lesson what of its lesson was read before; none where there is none, or too little
   * @param seed of the bootstrap
   */
  record Candidate(
      Served served,
      Served incumbent,
      Training training,
      double share,
      List<LessonText> lesson,
      long seed) {}

  /**
   * The gate with all rules.
   *
   * @param threads on which texts are scored at once; figures do not depend on them
   */
  static Gate of(
      BaseModel base, Tokenizer tokenizer, Protection protection, GateConfig config, int threads) {
    return new ModelGate(base, tokenizer, protection, config, threads);
  }
}
