package dev.millrace.model.score;

import org.jspecify.annotations.Nullable;

/**
 * What only a broken conversion leaves behind: replacement and control characters, lone surrogates,
 * UTF-8 read as Latin-1.
 */
record EncodingDamage(double most) implements Stage {

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    double share = share(candidate.text);
    return share > most
        ? Refusal.of(
            Reason.ENCODING_DAMAGE,
            "share %.3f of damaged characters, expected at most %.3f",
            share,
            most)
        : null;
  }

  private static double share(String text) {
    int damaged = 0;
    for (int i = 0; i < text.length(); i++) {
      if (isBroken(text, i) || isMojibake(text, i)) {
        damaged++;
      }
    }
    return damaged / (double) text.length();
  }

  private static boolean isBroken(String text, int i) {
    char c = text.charAt(i);
    if (Character.isSurrogate(c)) {
      return !isPaired(text, i);
    }
    return c == '\uFFFD' || (Character.isISOControl(c) && !Character.isWhitespace(c));
  }

  private static boolean isPaired(String text, int i) {
    char c = text.charAt(i);
    return Character.isHighSurrogate(c)
        ? i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))
        : i > 0 && Character.isHighSurrogate(text.charAt(i - 1));
  }

  /** A UTF-8 lead byte of two or three as a character, then a continuation byte as one. */
  private static boolean isMojibake(String text, int i) {
    char c = text.charAt(i);
    if ((c != '\u00C3' && c != '\u00C2' && c != '\u00E2') || i + 1 == text.length()) {
      return false;
    }
    char next = text.charAt(i + 1);
    return (next >= '\u0080' && next <= '\u00BF') || next == '\u20AC';
  }
}
