package dev.millrace.model.text;

import java.util.HashMap;
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

  private static int length(int first) {
    return first >= 0xF0 ? MOST : first >= 0xE0 ? 3 : 2;
  }
}
