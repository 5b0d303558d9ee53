package dev.millrace.job.config;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** Single values ⇄ text. */
final class Values {

  private Values() {}

  /**
   * Reads a value of the sample's type.
   *
   * @throws IllegalArgumentException if the text is no such value
   */
  static Object parse(Object sample, String text) {
    if (sample instanceof Integer) {
      return Integer.valueOf(text.replace("_", ""));
    }
    if (sample instanceof Long) {
      return Long.valueOf(text.replace("_", ""));
    }
    if (sample instanceof Double) {
      return parseDouble(text);
    }
    if (sample instanceof Boolean) {
      return parseBoolean(text);
    }
    if (sample instanceof Enum<?> constant) {
      return parseEnum(constant, text);
    }
    return text;
  }

  static String format(Object value) {
    return value instanceof Enum<?> constant ? name(constant) : value.toString();
  }

  /** What should have stood there. */
  static String expected(IllegalArgumentException problem, Object sample) {
    if (problem instanceof OutOfRangeException) {
      return String.valueOf(problem.getMessage());
    }
    if (sample instanceof Integer) {
      return "a whole number up to " + Integer.MAX_VALUE;
    }
    if (sample instanceof Long) {
      return "a whole number up to " + Long.MAX_VALUE;
    }
    if (sample instanceof Double) {
      return "a number";
    }
    if (sample instanceof Boolean) {
      return "true or false";
    }
    return Arrays.stream(((Enum<?>) sample).getDeclaringClass().getEnumConstants())
        .map(Values::name)
        .collect(Collectors.joining(" or "));
  }

  private static Double parseDouble(String text) {
    double value = Double.parseDouble(text);
    if (!Double.isFinite(value)) {
      throw new NumberFormatException(text);
    }
    return value;
  }

  private static Boolean parseBoolean(String text) {
    return switch (text) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException(text);
    };
  }

  private static Enum<?> parseEnum(Enum<?> sample, String text) {
    return Arrays.stream(sample.getDeclaringClass().getEnumConstants())
        .map(constant -> (Enum<?>) constant)
        .filter(constant -> name(constant).equals(text) || constant.name().equals(text))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(text));
  }

  private static String name(Object constant) {
    return ((Enum<?>) constant).name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
