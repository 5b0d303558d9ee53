package dev.millrace.model.score;

import org.jspecify.annotations.Nullable;

/** More punctuation than words. */
record SymbolShare(double most) implements Stage {

  /** (ASCII): which are symbols. */
  private static final boolean[] ASCII = ascii();

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    double share = share(candidate.text);
    return share > most
        ? Refusal.of(
            Reason.SYMBOL_SHARE, "share %.3f of symbols, expected at most %.3f", share, most)
        : null;
  }

  private static double share(String text) {
    int symbols = 0;
    int all = 0;
    int c;
    for (int i = 0; i < text.length(); i += Character.charCount(c)) {
      c = text.codePointAt(i);
      symbols += (c < ASCII.length ? ASCII[c] : isSymbol(c)) ? 1 : 0;
      all++;
    }
    return symbols / (double) all;
  }

  private static boolean[] ascii() {
    boolean[] symbols = new boolean[128];
    for (int c = 0; c < symbols.length; c++) {
      symbols[c] = isSymbol(c);
    }
    return symbols;
  }

  private static boolean isSymbol(int c) {
    return !Character.isLetterOrDigit(c) && !Character.isWhitespace(c) && !isMark(c);
  }

  /** Combining marks belong to the letters of many scripts. */
  private static boolean isMark(int c) {
    int type = Character.getType(c);
    return type == Character.NON_SPACING_MARK || type == Character.COMBINING_SPACING_MARK;
  }
}
