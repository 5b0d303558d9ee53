package dev.millrace.model.peft;

import dev.millrace.model.adapter.InvalidAdapterException;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** A regular expression of a stranger's, run within bounds. */
final class NamePattern {

  private static final int MAX_LENGTH = 1024;
  private static final int MAX_STEPS = 1 << 20;

  private final String regex;
  private final Pattern pattern;
  private final Steps steps;

  /**
   * @param steps that it may take on all names together with others
   */
  NamePattern(String field, String regex, Steps steps) {
    if (regex.length() > MAX_LENGTH) {
      throw new InvalidAdapterException(
          "%s: pattern of %d characters, expected at most %d"
              .formatted(field, regex.length(), MAX_LENGTH));
    }
    this.regex = regex;
    this.steps = steps;
    steps.takeToCompile(regex);
    try {
      pattern = MeteredRegex.compile(regex);
    } catch (PatternSyntaxException | StackOverflowError e) {
      throw new InvalidAdapterException(
          field + ": pattern is " + regex + ", expected a regular expression", e);
    }
  }

  /** One that fits the last parts of a name (PEFT's get_pattern_key). */
  static NamePattern ofEnd(String field, String pattern, Steps steps) {
    return new NamePattern(field, "(.*\\.)?(" + pattern + ")", steps);
  }

  /** Whether it fits all of a name (Python's re.fullmatch). */
  boolean fits(String name) {
    return within(name, matcher -> matcher.matches());
  }

  /** The first group of a match at the beginning of a name (Python's re.match); null if none. */
  @Nullable String group(String name) {
    return this.<@Nullable String>within(
        name, matcher -> matcher.lookingAt() && matcher.groupCount() > 0 ? matcher.group(1) : null);
  }

  private <T extends @Nullable Object> T within(String name, Function<Matcher, T> match) {
    Metered metered = new Metered(name, regex);
    try {
      T found = match.apply(pattern.matcher(metered));
      steps.take(metered.steps);
      return found;
    } catch (StackOverflowError e) {
      throw new InvalidAdapterException("pattern " + regex + " nests too deeply on " + name, e);
    }
  }

  /** Characters that can only be looked at so often. */
  private static final class Metered implements CharSequence {
    private final String text;
    private final String regex;
    private int steps;

    Metered(String text, String regex) {
      this.text = text;
      this.regex = regex;
    }

    @Override
    public char charAt(int index) {
      if (++steps > MAX_STEPS) {
        throw new InvalidAdapterException(
            "pattern " + regex + " takes more than " + MAX_STEPS + " steps on " + text);
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
