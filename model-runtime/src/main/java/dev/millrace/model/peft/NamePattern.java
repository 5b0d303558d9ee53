package dev.millrace.model.peft;

import dev.millrace.model.adapter.InvalidAdapterException;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** A regular expression of a stranger's, run within bounds. */
final class NamePattern {

  private static final int MAX_LENGTH = 1024;
  private static final int MAX_STEPS = 1 << 20;

  /** What Python writes otherwise: {@code (?P<name>}, {@code (?P=name)} and {@code {,3}}. */
  private static final Pattern PYTHON =
      Pattern.compile("(?<!\\\\)(?:\\(\\?P([<=])(\\w+)[>)]|\\{,(?=\\d*}))");

  private final Pattern pattern;

  NamePattern(String field, String regex) {
    if (regex.length() > MAX_LENGTH) {
      throw new InvalidAdapterException(
          "%s: pattern of %d characters, expected at most %d"
              .formatted(field, regex.length(), MAX_LENGTH));
    }
    try {
      pattern = Pattern.compile(PYTHON.matcher(regex).replaceAll(NamePattern::inJava));
    } catch (PatternSyntaxException | StackOverflowError e) {
      throw new InvalidAdapterException(
          field + ": pattern is " + regex + ", expected a regular expression", e);
    }
  }

  private static String inJava(MatchResult python) {
    String name = python.group(2);
    if (name == null) {
      return "{0,";
    }
    String group = "g" + name.replace("_", "Z"); // Java's names have no underscore
    return Matcher.quoteReplacement(
        python.group(1).equals("<") ? "(?<" + group + ">" : "\\k<" + group + ">");
  }

  /** Whether it fits all of a name (Python's re.fullmatch). */
  boolean fits(String name) {
    return matcher(name).matches();
  }

  /** The first group of a match at the beginning of a name (Python's re.match); null if none. */
  @Nullable String group(String name) {
    Matcher matcher = matcher(name);
    return matcher.lookingAt() && matcher.groupCount() > 0 ? matcher.group(1) : null;
  }

  private Matcher matcher(String name) {
    return pattern.matcher(new Metered(name, pattern));
  }

  /** Whether a pattern fits the last parts of a name (PEFT's get_pattern_key). */
  static boolean fitsEnd(String pattern, String name) {
    return new NamePattern("pattern", "(.*\\.)?(" + pattern + ")").fits(name);
  }

  /** What the first pattern that fits the end of a name says. */
  static <T> T firstOf(Map<String, T> patterns, String name, T fallback) {
    for (Map.Entry<String, T> entry : patterns.entrySet()) {
      if (fitsEnd(entry.getKey(), name)) {
        return entry.getValue();
      }
    }
    return fallback;
  }

  /** Characters that can only be looked at so often. */
  private static final class Metered implements CharSequence {
    private final String text;
    private final Pattern pattern;
    private int steps;

    Metered(String text, Pattern pattern) {
      this.text = text;
      this.pattern = pattern;
    }

    @Override
    public char charAt(int index) {
      if (++steps > MAX_STEPS) {
        throw new InvalidAdapterException(
            "pattern " + pattern + " takes more than " + MAX_STEPS + " steps on " + text);
      }
      return text.charAt(index);
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return text.subSequence(start, end);
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
