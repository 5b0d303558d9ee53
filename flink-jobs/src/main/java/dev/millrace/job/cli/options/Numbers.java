package dev.millrace.job.cli.options;

import java.math.BigDecimal;
import java.net.URI;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How numbers and URLs of the command line are read, and what is said of those that are none. */
public final class Numbers {

  private Numbers() {}

  public static CommandLine understoodBy(CommandLine line) {
    return line.registerConverter(
            int.class, reader(whole(Integer.MIN_VALUE, Integer.MAX_VALUE), Integer::valueOf))
        .registerConverter(long.class, reader(whole(Long.MIN_VALUE, Long.MAX_VALUE), Long::valueOf))
        .registerConverter(double.class, reader("a finite number", Numbers::finite))
        .registerConverter(Double.class, reader("a finite number", Numbers::finite))
        .registerConverter(URI.class, reader(RestOption.EXPECTED, URI::create));
  }

  private static String whole(long least, long most) {
    return "a whole number from %d to %d".formatted(least, most);
  }

  private static double finite(String text) {
    double value = Double.parseDouble(text);
    if (!Double.isFinite(value)) {
      throw new NumberFormatException(text);
    }
    return value;
  }

  private static <T> ITypeConverter<T> reader(String expected, Function<String, T> read) {
    return value -> {
      try {
        return read.apply(value);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException("'" + value + "', expected " + expected);
      }
    };
  }

  /** A value of an option, if it lies in a range. */
  public static double within(double least, double most, String option, double value) {
    if (value >= least && value <= most) {
      return value;
    }
    throw new IllegalArgumentException(
        "%s %s, expected %s to %s".formatted(option, plain(value), plain(least), plain(most)));
  }

  private static String plain(double value) {
    return Math.abs(value) < 1e15
        ? BigDecimal.valueOf(value).stripTrailingZeros().toPlainString()
        : Double.toString(value);
  }
}
