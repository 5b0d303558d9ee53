package dev.millrace.adapter.train;

import java.io.Serializable;

/**
 * What pins the computation; part of the manifest.
 *
 * @param device where gradients are computed: cpu or gpu; auto, until it is known what there is
 * @param precision of the products
 * @param microBatchTokens padded tokens that go through the program at once
 */
public record Plan(String device, String precision, int microBatchTokens) implements Serializable {

  /** Both in fp32 on the CPU, 2,048 tokens at once. */
  public static Plan defaults() {
    return new Plan("cpu", "fp32", 2048);
  }

  /** The same on another device. */
  public Plan on(String other) {
    return new Plan(other, precision, microBatchTokens);
  }
}
