package dev.millrace.adapter.gate;

import dev.millrace.adapter.train.Training;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.ScoredSample;
import java.util.List;

/** Judges a quantized candidate on the weights that would serve it. */
public interface Gate {

  /** Scores new held-out samples by the base and by what serves now. */
  List<HeldOut> examine(List<ScoredSample> samples, Served incumbent);

  /** (samples): sums of log-probabilities of samples, of 2 tokens or more, nats. */
  double[] logProbs(List<ScoredSample> samples, Served by);

  /** The held-out samples as what serves from now on judges them. */
  List<HeldOut> reexamine(List<HeldOut> heldOut, Served incumbent);

  /** Whether the domain may change its release at all; asked before a candidate is trained. */
  RuleResult unpinned(boolean pinned);

  /** Whether there is enough to judge any candidate by; asked before one is trained. */
  RuleResult evidence(List<HeldOut> heldOut);

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
   * @param seed of the bootstrap
   */
  record Candidate(Served served, Served incumbent, Training training, long seed) {}

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
