package dev.millrace.adapter.train;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Computation;
import dev.millrace.model.base.Products;
import dev.millrace.model.base.Recompute;
import java.io.Serializable;

/**
 * What pins the computation; part of the manifest.
 *
 * @param device where gradients are computed: {@code cpu}, {@code gpu}, or {@code auto} for a GPU
 *     if there is one
 * @param precision of the products; adaptive is bf16 in calm steps, if that pays on this machine
 * @param recompute what the backward pass computes again in place of keeping it
 * @param threads micro-batches that are computed at once, each on one thread
 * @param memoryBytes for the activations of all threads of a trainer together, and for what
 *     products in bf16 leave behind: 400 MiB, and 25 MiB for each thread beyond four
 */
public record Plan(
    String device, TrainPrecision precision, Recompute recompute, int threads, long memoryBytes)
    implements Serializable {

  /** On the CPU in fp32, two threads within 512 MiB, nothing computed twice. */
  public static Plan defaults() {
    return new Plan("cpu", TrainPrecision.FP32, Recompute.NOTHING, 2, 512L << 20);
  }

  /**
   * Tokens that go through the program at once, so that all threads keep within the memory.
   *
   * @throws IllegalArgumentException if it holds none
   */
  public int microBatchTokens(BaseModel base) {
    requireRoom(base, 1, "one token");
    return room(base);
  }

  /**
   * Refuses a memory that holds too few tokens on each thread.
   *
   * @param what they are
   */
  public void requireRoom(BaseModel base, int tokens, String what) {
    Plan enough = this;
    while (enough.room(base) < tokens) {
      enough = enough.within(2 * enough.memoryBytes);
    }
    if (enough.memoryBytes > memoryBytes) {
      throw new IllegalArgumentException(
          "learn.plan.memoryBytes is %d, for %d tokens on each of %d threads in %s, expected %s: %d holds them"
              .formatted(memoryBytes, room(base), threads, precision, what, enough.memoryBytes));
    }
  }

  private int room(BaseModel base) {
    return switch (precision) {
      case FP32, ADAPTIVE_FP32 -> tokens(base, Products.FP32);
      case BF16 -> tokens(base, Products.BF16);
      case ADAPTIVE -> Math.min(tokens(base, Products.FP32), tokens(base, Products.BF16));
    };
  }

  private int tokens(BaseModel base, Products products) {
    return base.tokensWithin(memoryBytes, threads, new Computation(products, recompute));
  }

  /** The same in another precision. */
  public Plan in(TrainPrecision other) {
    return new Plan(device, other, recompute, threads, memoryBytes);
  }

  private Plan within(long bytes) {
    return new Plan(device, precision, recompute, threads, bytes);
  }

  /** The same on another device. */
  public Plan on(String other) {
    return new Plan(other, precision, recompute, threads, memoryBytes);
  }
}
