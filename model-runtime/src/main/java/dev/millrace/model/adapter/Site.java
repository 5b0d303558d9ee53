package dev.millrace.model.adapter;

import java.util.List;

/**
 * A place of a base where an adapter may add {@code B·A·x}.
 *
 * @param name of the module or parameter, such as {@code model.layers.0.self_attn.q_proj}
 * @param in features of x
 * @param out features of what is added
 * @param experts matrices of the place: 1, or one an expert
 * @param parts of an expert's matrix: the names of the modules whose rows follow each other in it,
 *     in a checkpoint that keeps experts one by one, {@code %d} for the expert; of a linear layer
 *     its other name in such a checkpoint, if it has one
 */
public record Site(Place place, String name, int in, int out, int experts, List<String> parts) {

  /** What a site is a place in. */
  public enum Place {
    /** A linear layer: x is its input, and the sum its output. */
    LINEAR,
    /** A layer's routed experts: the same, with factors of its own for each. */
    EXPERTS,
    /** The hidden state as it enters a layer: x is 1. */
    STREAM
  }

  public static Site linear(String name, int in, int out) {
    return new Site(Place.LINEAR, name, in, out, 1, List.of());
  }

  /**
   * A router, or the gate of a shared expert.
   *
   * @param module what transformers 4 calls it
   */
  public static Site gate(String name, String module, int in, int out) {
    List<String> other = module.equals(name) ? List.of() : List.of(module);
    return new Site(Place.LINEAR, name, in, out, 1, other);
  }

  /** Whether it is a router, or the gate of a shared expert. */
  public boolean isGate() {
    return place == Place.LINEAR && name.endsWith("gate");
  }

  public static Site experts(String name, int in, int out, int experts, List<String> parts) {
    return new Site(Place.EXPERTS, name, in, out, experts, parts);
  }

  public static Site stream(String name, int out) {
    return new Site(Place.STREAM, name, 1, out, 1, List.of());
  }

  /** One line from which {@link #parse} makes the same site. */
  public String toText() {
    return String.join(
        " ",
        place.name(),
        name,
        Integer.toString(in),
        Integer.toString(out),
        Integer.toString(experts),
        String.join(",", parts));
  }

  /**
   * Reads what {@link #toText} wrote.
   *
   * @throws IllegalArgumentException if it is something else
   */
  public static Site parse(String text) {
    String[] fields = text.split(" ", -1);
    if (fields.length != 6) {
      throw new IllegalArgumentException("site is " + text + ", expected six fields");
    }
    return new Site(
        Place.valueOf(fields[0]),
        fields[1],
        Integer.parseInt(fields[2]),
        Integer.parseInt(fields[3]),
        Integer.parseInt(fields[4]),
        fields[5].isEmpty() ? List.of() : List.of(fields[5].split(",", -1)));
  }
}
