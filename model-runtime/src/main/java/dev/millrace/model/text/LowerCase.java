package dev.millrace.model.text;

import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Lower case of texts from outside. Java looks for both ends of a capital sigma's word, from each
 * sigma on, and copies all that it has for each dotted capital I: one word of 32,000 of them takes
 * it minutes. So longer words are read in pieces.
 */
public final class LowerCase {

  private static final Pattern WORD = Pattern.compile("\\S{1,32}");

  private LowerCase() {}

  /** The same as {@link String#toLowerCase(Locale)}, but for sigmas of words over 32 characters. */
  public static String of(String text) {
    return text.indexOf('\u03A3') < 0 && text.indexOf('\u0130') < 0
        ? text.toLowerCase(Locale.ROOT)
        : WORD.matcher(text).replaceAll(LowerCase::word);
  }

  private static String word(MatchResult word) {
    return Matcher.quoteReplacement(word.group().toLowerCase(Locale.ROOT));
  }
}
