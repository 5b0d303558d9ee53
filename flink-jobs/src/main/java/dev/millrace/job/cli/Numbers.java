package dev.millrace.job.cli;

import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How numbers of the command line are read, and what is said of those that are none. */
final class Numbers {

  private Numbers() {}

  static CommandLine understoodBy(CommandLine line) {
    return line.registerConverter(int.class, reader("a whole number", Integer::valueOf))
        .registerConverter(long.class, reader("a whole number", Long::valueOf))
        .registerConverter(double.class, reader("a number", Double::valueOf));
  }

  private static <T> ITypeConverter<T> reader(String expected, Function<String, T> read) {
    return value -> {
      try {
        return read.apply(value);
      } catch (NumberFormatException e) {
        throw new TypeConversionException("'" + value + "', expected " + expected);
      }
    };
  }
}
