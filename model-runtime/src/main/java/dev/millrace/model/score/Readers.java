package dev.millrace.model.score;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * What reads texts, pictures and sounds: figures that others found say nothing beside its own.
 *
 * @param base id
 * @param encoders id; empty where there are none
 */
public record Readers(String base, String encoders) {

  /** Of what reads by neither. */
  static final Readers NONE = new Readers("", "");

  int encodedBytes() {
    return 2 * Integer.BYTES + bytes(base).length + bytes(encoders).length;
  }

  void write(ByteBuffer out) {
    out.putInt(bytes(base).length).put(bytes(base));
    out.putInt(bytes(encoders).length).put(bytes(encoders));
  }

  static Readers read(ByteBuffer in) {
    return new Readers(text(in), text(in));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(ByteBuffer in) {
    byte[] bytes = new byte[Lengths.read(in, 1)];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
