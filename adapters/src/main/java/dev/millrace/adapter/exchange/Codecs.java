package dev.millrace.adapter.exchange;

import java.util.List;

/** The codecs by their names in the configuration. */
public final class Codecs {

  private static final List<String> KNOWN =
      List.of("dense", "int8", "int5", "int4", "sign", "topk:SHARE", "lowrank:RANK");

  private Codecs() {}

  /**
   * A codec: {@code dense}, {@code int8}, {@code int5}, {@code int4}, {@code sign}, {@code
   * topk:0.05}, {@code lowrank:1}.
   *
   * @throws IllegalArgumentException if there is none of this name
   */
  public static Codec named(String name) {
    String[] parts = name.split(":", 2);
    try {
      return switch (parts[0] + (parts.length == 2 ? ":" : "")) {
        case "dense" -> new DenseCodec();
        case "int4" -> new IntCodec(4);
        case "int5" -> new IntCodec(5);
        case "int8" -> new IntCodec(8);
        case "sign" -> new SignCodec();
        case "topk:" -> new TopKCodec(Double.parseDouble(parts[1]));
        case "lowrank:" -> new LowRankCodec(Integer.parseInt(parts[1]));
        default -> throw unknown(name);
      };
    } catch (NumberFormatException e) {
      throw unknown(name);
    }
  }

  private static IllegalArgumentException unknown(String name) {
    return new IllegalArgumentException("codec " + name + ", expected one of " + KNOWN);
  }
}
