package dev.millrace.model.text;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Tokens of a BPE of bytes, which are written with a printable character for each byte (GPT-2). */
final class ByteLevel {

  /** The characters of the bytes that are none themselves begin here. */
  private static final int SHIFTED = 256;

  private static final Map<Integer, Integer> BYTES = bytes();

  private ByteLevel() {}

  private static Map<Integer, Integer> bytes() {
    Map<Integer, Integer> bytes = new HashMap<>();
    int shifted = SHIFTED;
    for (int value = 0; value < SHIFTED; value++) {
      boolean printable = (value > ' ' && value <= '~') || (value >= 0xA1 && value != 0xAD);
      bytes.put(printable ? value : shifted++, value);
    }
    return bytes;
  }

  /** The bytes of those tokens that begin or end within a character, by id. */
  static Map<Integer, byte[]> parts(Map<String, Integer> ids) {
    Map<Integer, byte[]> parts = new HashMap<>();
    ids.forEach(
        (token, id) -> {
          byte[] bytes = bytes(token);
          if (bytes != null && !Arrays.equals(bytes, new String(bytes, UTF_8).getBytes(UTF_8))) {
            parts.put(id, bytes);
          }
        });
    return parts;
  }

  /** Null if it has another character: then it is written as it is. */
  private static byte @Nullable [] bytes(String token) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < token.length(); i++) {
      Integer value = BYTES.get((int) token.charAt(i));
      if (value == null) {
        return null;
      }
      bytes.write(value);
    }
    return bytes.toByteArray();
  }
}
