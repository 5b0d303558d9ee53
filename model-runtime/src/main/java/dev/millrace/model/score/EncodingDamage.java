package dev.millrace.model.score;

import org.jspecify.annotations.Nullable;

/**
 * What only a broken conversion leaves behind: replacement and control characters, lone surrogates,
 * UTF-8 read as Latin-1 or windows-1252.
 */
record EncodingDamage(double most) implements Stage {

  /**
   * What Latin letters with accents and signs begin with; of signs the last byte is lost easily.
   */
  private static final String LATIN = "\u00C2\u00C3\u00E2";

  /** What letters of two bytes begin with: Latin Extended, Greek, Cyrillic, Hebrew, Arabic. */
  private static final String OTHER_SCRIPTS =
      "\u00C4\u00C5\u00CE\u00CF\u00D0\u00D1\u00D2\u00D3\u00D6\u00D7\u00D8\u00D9";

  /** What windows-1252 has where Latin-1 has control characters. */
  private static final String WINDOWS =
      "\u20AC\u201A\u0192\u201E\u2026\u2020\u2021\u02C6\u2030\u0160\u2039\u0152\u017D"
          + "\u2018\u2019\u201C\u201D\u2022\u2013\u2014\u02DC\u2122\u0161\u203A\u0153\u017E\u0178";

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

  /** A lone sequence of another script may be a letter before a sign: «liberté…», Å². */
  private static double share(String text) {
    int damaged = 0;
    int ofOtherScripts = 0;
    for (int i = 0; i < text.length(); i++) {
      if (isBroken(text, i) || (LATIN.indexOf(text.charAt(i)) >= 0 && isMojibake(text, i, 1))) {
        damaged++;
      } else if (isMojibake(text, i, behind(text.charAt(i)))) {
        ofOtherScripts++;
      }
    }
    return (damaged + (ofOtherScripts > 1 ? ofOtherScripts : 0)) / (double) text.length();
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

  /** The first byte of a character in UTF-8 as one, then so many of those behind it as others. */
  private static boolean isMojibake(String text, int i, int behind) {
    boolean latin = LATIN.indexOf(text.charAt(i)) >= 0;
    for (int at = i + 1; at <= i + behind; at++) {
      if (at == text.length() || !isBehind(text.charAt(at), latin)) {
        return false;
      }
    }
    return behind > 0;
  }

  /**
   * Of letters of three bytes both others: one with an accent stands before a sign now and then.
   */
  private static int behind(char first) {
    return OTHER_SCRIPTS.indexOf(first) >= 0 ? 1 : first >= '\u00E0' && first <= '\u00EF' ? 2 : 0;
  }

  /** A no-break space stands behind letters of French: it is no sign of another script. */
  private static boolean isBehind(char c, boolean latin) {
    return (c >= '\u0080' && c <= '\u00BF' && (latin || c != '\u00A0')) || WINDOWS.indexOf(c) >= 0;
  }
}
