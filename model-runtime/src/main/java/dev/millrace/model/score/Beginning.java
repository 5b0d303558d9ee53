package dev.millrace.model.score;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a text teaches: its first tokens. Of a longer text these must pass by themselves, whatever
 * follows them, and they are what guards against near duplicates.
 *
 * @param rules that a beginning must pass
 */
record Beginning(SampleTokens tokens, List<Stage> rules) implements Stage {

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    candidate.tokens = tokens.of(candidate.text);
    if (candidate.tokens.length < 2) {
      return new Refusal(
          Reason.TOO_SHORT, candidate.tokens.length + " tokens, expected at least 2");
    }
    String said = tokens.said(candidate.text, candidate.tokens);
    return said.equals(candidate.text) ? null : alone(candidate, said, memory);
  }

  private @Nullable Refusal alone(Candidate candidate, String said, DomainMemory memory) {
    Candidate beginning = candidate.of(said);
    for (Stage rule : rules) {
      Refusal refusal = rule.check(beginning, memory);
      if (refusal != null) {
        return refusal;
      }
    }
    candidate.signature = beginning.signature;
    return null;
  }
}
