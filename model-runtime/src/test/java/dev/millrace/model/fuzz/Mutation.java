package dev.millrace.model.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/** Damages JSON: bytes, digits and whole pieces change, come twice or are lost. */
final class Mutation {

  private static final String[] PIECES = {
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "null",
    "true",
    "false",
    "-1",
    "0",
    "1e999",
    "0.5",
    "NaN",
    "2147483648",
    "9223372036854775808",
    "\\ud800",
    "\u0000",
    "é"
  };

  private Mutation() {}

  /** The same seed damages the same bytes alike. */
  static byte[] of(byte[] valid, long seed) {
    Random random = new Random(seed);
    byte[] bytes = valid;
    for (int i = random.nextInt(3); i >= 0; i--) {
      bytes = once(bytes, random);
    }
    return bytes;
  }

  private static byte[] once(byte[] bytes, Random random) {
    if (bytes.length == 0) {
      return bytes;
    }
    int at = random.nextInt(bytes.length);
    int end = Math.min(bytes.length, at + 1 + random.nextInt(8));
    return switch (random.nextInt(6)) {
      case 0 -> spliced(bytes, at, at + 1, new byte[] {(byte) random.nextInt(256)});
      case 1 -> spliced(bytes, at, at + 1, new byte[] {(byte) ('0' + random.nextInt(10))});
      case 2 -> spliced(bytes, at, at, piece(random));
      case 3 -> spliced(bytes, at, end, piece(random));
      case 4 -> spliced(bytes, at, end, new byte[0]);
      default -> spliced(bytes, at, at, Arrays.copyOfRange(bytes, at, end));
    };
  }

  private static byte[] piece(Random random) {
    return PIECES[random.nextInt(PIECES.length)].getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] spliced(byte[] bytes, int from, int to, byte[] between) {
    byte[] result = Arrays.copyOf(bytes, from + between.length + bytes.length - to);
    System.arraycopy(between, 0, result, from, between.length);
    System.arraycopy(bytes, to, result, from + between.length, bytes.length - to);
    return result;
  }
}
