package dev.millrace.model.score;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a text teaches: its first tokens. Of a longer text these must pass by themselves, whatever
 * follows them, and they are what guards against near duplicates.
 *
 * @param rules that the beginning of a longer text must pass
 * @param contamination that of any text must not be
 */
record Beginning(SampleTokens tokens, List<Stage> rules, Contamination contamination)
    implements Stage {

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    candidate.tokens = tokens.of(candidate.text);
    if (candidate.tokens.length < 2) {
      return new Refusal(
          Reason.TOO_SHORT, candidate.tokens.length + " tokens, expected at least 2");
    }
    String said = tokens.said(candidate.text, candidate.tokens);
    Candidate beginning = said.equals(candidate.text) ? candidate : candidate.of(said);
    Refusal refusal = beginning == candidate ? null : alone(beginning, memory);
    if (refusal != null) {
      return refusal;
    }
    candidate.signature = beginning.signature;
    return contamination.check(beginning, memory);
  }

  private @Nullable Refusal alone(Candidate beginning, DomainMemory memory) {
    for (Stage rule : rules) {
      Refusal refusal = rule.check(beginning, memory);
      if (refusal != null) {
        return refusal;
      }
    }
    return null;
  }
}
