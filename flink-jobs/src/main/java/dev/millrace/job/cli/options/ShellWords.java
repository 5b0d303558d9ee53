package dev.millrace.job.cli.options;

import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Words of a command, for a person to give to a shell. */
public final class ShellWords {

  /** What a shell takes as it is. */
  private static final Pattern PLAIN = Pattern.compile("[\\w./:=,@%+-]+");

  private ShellWords() {}

  public static String line(Stream<String> words) {
    return words
        .map(word -> PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'")
        .collect(Collectors.joining(" "));
  }
}
