package dev.millrace.model.score;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** More punctuation than words. */
final class SymbolShare implements Stage {

  private final double most;

  SymbolShare(double most) {
    this.most = most;
  }

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    double share = share(candidate.text());
    return share > most
        ? new Refusal(
            Reason.SYMBOL_SHARE,
            String.format(Locale.ROOT, "share %.3f of symbols, expected at most %.3f", share, most))
        : null;
  }

  private static double share(String text) {
    long symbols =
        text.codePoints()
            .filter(c -> !Character.isLetterOrDigit(c) && !Character.isWhitespace(c) && !isMark(c))
            .count();
    return symbols / (double) text.codePointCount(0, text.length());
  }

  /** Combining marks belong to the letters of many scripts. */
  private static boolean isMark(int c) {
    int type = Character.getType(c);
    return type == Character.NON_SPACING_MARK || type == Character.COMBINING_SPACING_MARK;
  }
}
