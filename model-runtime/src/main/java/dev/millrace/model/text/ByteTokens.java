package dev.millrace.model.text;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Tokens of one byte each, of which a vocabulary with {@code byte_fallback} makes the characters
 * that it lacks.
 *
 * @param bytes by the tokens' ids
 */
record ByteTokens(Map<Integer, Integer> bytes) {

  private static final Pattern NAME = Pattern.compile("<0x([0-9A-F]{2})>");
  private static final int MOST = 4;

  /** Those among all tokens. */
  static ByteTokens of(Map<String, Integer> ids) {
    Map<Integer, Integer> bytes = new HashMap<>();
    ids.forEach(
        (token, id) -> {
          Matcher name = NAME.matcher(token);
          if (name.matches()) {
            bytes.put(id, Integer.parseInt(name.group(1), 16));
          }
        });
    return new ByteTokens(bytes);
  }

  /** Those of bytes that are no character, each by its id. */
  Map<Integer, byte[]> parts() {
    Map<Integer, byte[]> parts = new HashMap<>();
    bytes.forEach(
        (id, value) -> {
          if (value >= 0x80) {
            parts.put(id, new byte[] {(byte) (int) value});
          }
        });
    return parts;
  }

  /** Whether a token is that of a byte. */
  boolean has(long token, int value) {
    return bytes.getOrDefault((int) token, -1) == value;
  }

  /** How many tokens at the end begin a character of UTF-8 and lack the rest of it. */
  int cut(long[] tokens) {
    for (int n = 1; n < MOST && n <= tokens.length; n++) {
      int last = bytes.getOrDefault((int) tokens[tokens.length - n], 0);
      if (last < 0x80) {
        return 0;
      }
      if (last >= 0xC0) {
        return n < length(last) ? n : 0;
      }
    }
    return 0;
  }

  /** The places of the tokens that are part of no character of UTF-8, ascending. */
  List<Integer> lost(long[] tokens) {
    List<Integer> lost = new ArrayList<>();
    for (int at = 0; !bytes.isEmpty() && at < tokens.length; ) {
      int whole = character(tokens, at);
      if (whole == 0) {
        lost.add(at);
      }
      at += Math.max(1, whole);
    }
    return lost;
  }

  /** How many tokens make the character that begins at one, be it no byte's; 0 if none does. */
  private int character(long[] tokens, int at) {
    int first = bytes.getOrDefault((int) tokens[at], 0);
    if (first < 0x80) {
      return 1;
    }
    int n = length(first);
    if (first < 0xC0 || at + n > tokens.length) {
      return 0;
    }
    byte[] utf8 = new byte[n];
    for (int i = 0; i < n; i++) {
      utf8[i] = (byte) (int) bytes.getOrDefault((int) tokens[at + i], 0);
    }
    return Arrays.equals(utf8, new String(utf8, UTF_8).getBytes(UTF_8)) ? n : 0;
  }

  private static int length(int first) {
    return first >= 0xF0 ? MOST : first >= 0xE0 ? 3 : 2;
  }
}
