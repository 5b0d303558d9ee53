package dev.millrace.job.sql;

import dev.millrace.schema.wire.NearestName;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The statements of a script, which semicolons end. */
public record SqlScript(List<String> statements) {

  /** A secret that Kafka's clients look up where they run stays as it is. */
  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{(?!env:)([^}]*)}");

  /**
   * A quoted text, in which a doubled quote begins another, a quoted name, a comment, or any other
   * character.
   */
  private static final Pattern PIECE =
      Pattern.compile("'[^']*'|`[^`]*`|\"[^\"]*\"|(?:--|//)[^\\n]*|(?s:/\\*.*?\\*/)|(?s:.)");

  /** What semicolons end no sooner than its own {@code END}. */
  private static final Pattern SET_OF_STATEMENTS =
      Pattern.compile(
          "(?i)\\s*(?:EXECUTE|EXPLAIN|COMPILE)\\b[^;]*?\\bSTATEMENT\\s+SET\\s+BEGIN\\b");

  private static final Pattern END_OF_SET = Pattern.compile("(?i);\\s*END\\s*$");

  public SqlScript {
    statements = List.copyOf(statements);
  }

  /**
   * Cuts a text into statements, without comments; Flink's hints stay.
   *
   * @param values in place of <code>${key}</code>; <code>${env:VARIABLE}</code> stays
   * @throws IllegalArgumentException if the text names a key that has no value
   */
  public static SqlScript parse(String text, Map<String, String> values) {
    List<String> statements = new ArrayList<>();
    StringBuilder statement = new StringBuilder();
    Matcher pieces = PIECE.matcher(text);
    while (pieces.find()) {
      String piece = pieces.group();
      if (piece.equals(";") && !isOpenSet(statement)) {
        end(statement, values, statements);
      } else if (piece.startsWith("/*") && !piece.startsWith("/*+")) {
        statement.append(' '); // it parts words
      } else if (!piece.startsWith("--") && !piece.startsWith("//")) {
        statement.append(piece);
      }
    }
    end(statement, values, statements);
    return new SqlScript(statements);
  }

  private static boolean isOpenSet(StringBuilder statement) {
    return SET_OF_STATEMENTS.matcher(statement).lookingAt()
        && !END_OF_SET.matcher(statement).find();
  }

  private static void end(
      StringBuilder statement, Map<String, String> values, List<String> statements) {
    if (!statement.toString().isBlank()) {
      statements.add(fill(statement.toString().strip(), values));
    }
    statement.setLength(0);
  }

  private static String fill(String text, Map<String, String> values) {
    Matcher placeholders = PLACEHOLDER.matcher(text);
    return placeholders.replaceAll(
        found -> Matcher.quoteReplacement(value(found.group(1), values)));
  }

  private static String value(String key, Map<String, String> values) {
    String value = values.get(key);
    if (value == null) {
      throw new IllegalArgumentException(
          "${%s} has no value, %s"
              .formatted(
                  key,
                  NearestName.of(key, new TreeSet<>(values.keySet()))
                      .map(near -> "did you mean ${" + near + "}?")
                      .orElse("expected a key of docs/configuration.md")));
    }
    return value;
  }
}
