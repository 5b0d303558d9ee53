package dev.millrace.model.text;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.model.config.JsonFields;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The byte-level alphabet of GPT-2 (Radford et al. 2019, {@code encoder.py}): every byte is one
 * printable character, so a vocabulary is plain text and any bytes round-trip.
 */
public final class ByteLevel {

  private static final String NAME = "ByteLevel";
  private static final char[] CHARACTERS = characters();
  private static final Map<Character, Byte> BYTES = bytes();

  private ByteLevel() {}

  public static char character(byte value) {
    return CHARACTERS[value & 0xFF];
  }

  /**
   * Printable Latin-1 stands for itself, the other bytes in turn for the characters from 256 on.
   */
  private static char[] characters() {
    char[] characters = new char[256];
    char next = 256;
    for (int value = 0; value < 256; value++) {
      characters[value] = isPrintable(value) ? (char) value : next++;
    }
    return characters;
  }

  private static boolean isPrintable(int value) {
    return (value >= '!' && value <= '~') || (value >= 0xA1 && value != 0xAD);
  }

  private static Map<Character, Byte> bytes() {
    Map<Character, Byte> bytes = new HashMap<>();
    for (int value = 0; value < 256; value++) {
      bytes.put(CHARACTERS[value], (byte) value);
    }
    return bytes;
  }

  /** Whether tokens are written so: another vocabulary may have the same characters. */
  static boolean isOf(JsonFields tokenizer) {
    if (!tokenizer.has("decoder")) {
      return false;
    }
    JsonFields decoder = tokenizer.object("decoder");
    List<JsonFields> all = decoder.has("decoders") ? decoder.objects("decoders") : List.of(decoder);
    return all.stream().anyMatch(one -> one.text("type").equals(NAME));
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
      Byte value = BYTES.get(token.charAt(i));
      if (value == null) {
        return null;
      }
      bytes.write(value);
    }
    return bytes.toByteArray();
  }
}
