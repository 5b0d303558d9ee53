package dev.millrace.model.peft;

import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A regular expression of Python's as one of Java's, in which no branch is taken without a look at
 * a character. Whoever counts these looks bounds the time: Java counts nothing, and tries the two
 * ways through each of thirty empty branches, 2³⁰ in all, without reading anything.
 */
final class MeteredRegex {

  /** Looks at the characters before and behind, and is always true of a name. */
  private static final String LOOK = "(?<!\uFFFF)(?!\uFFFF)";

  /** What Python writes otherwise: {@code (?P<name>}, {@code (?P=name)} and {@code {,3}}. */
  private static final Pattern PYTHON =
      Pattern.compile("(?<!\\\\)(?:\\(\\?P([<=])(\\w+)[>)]|\\{,(?=\\d*}))");

  /**
   * A part, by what it is. Some that one of the two languages knows and the other does not are
   * none: quotes, comments, classes in classes, escapes that are no letters of Python's.
   */
  private static final Pattern PART =
      Pattern.compile(
          "(?<back>\\\\k<\\w+>|\\\\[1-9]\\d*)"
              + "|(?:[\\^$]|\\\\[AbBzZ])(?![*+?{])" // Python repeats none either
              + "|(?<open>\\((?:\\?(?:[:=!>]|<[=!]|<\\w+>|[a-wyzA-Z-]*:)|(?!\\?))|\\|)"
              + "|\\(\\?[a-wyzA-Z-]+\\)"
              + "|\\[\\^?]?(?:\\\\(?:[^a-zA-Z]|[abdDfnrsStuvwWx])|[^\\[\\]\\\\&]|&(?!&))*+]"
              + "|\\\\(?:[^a-zA-Z1-9]|[adDfnrsStuvwWx])"
              + "|[^\\[\\\\(^$|]");

  private MeteredRegex() {}

  /**
   * The same in Java.
   *
   * @throws PatternSyntaxException if it is none of both languages
   * @throws StackOverflowError if it nests too deeply
   */
  static Pattern compile(String regex) {
    String java = PYTHON.matcher(regex).replaceAll(MeteredRegex::inJava);
    StringBuilder metered = new StringBuilder();
    Matcher part = PART.matcher(java);
    while (part.regionStart() < java.length()) {
      if (!part.lookingAt()) {
        throw new PatternSyntaxException("not of Python and Java", java, part.regionStart());
      }
      boolean back = part.group("back") != null; // to what may be empty
      metered.append(back ? "(?:" + LOOK : "").append(part.group()).append(back ? ")" : "");
      metered.append(part.group("open") == null ? "" : LOOK);
      part.region(part.end(), java.length());
    }
    return Pattern.compile(metered.toString());
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
}
