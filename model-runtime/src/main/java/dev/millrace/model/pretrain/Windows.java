package dev.millrace.model.pretrain;

import dev.millrace.model.weights.Digest;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * The windows of a stream of tokens that each step trains on: two micro-batches a step, and each
 * pass over the stream in a new order. Step s sees the same windows whenever it runs.
 */
public final class Windows {

  private final int[] stream;
  private final int batch;
  private final int time;
  private final long seed;
  private int[] order = new int[0];
  private long orderSeed;

  /**
   * @param stream token ids
   * @param batch windows a micro-batch
   * @param time tokens a window predicts
   */
  public Windows(int[] stream, int batch, int time, long seed) {
    if (stream.length / time < 2) {
      throw new IllegalArgumentException(
          stream.length + " tokens, expected two windows of " + time + " or more");
    }
    this.stream = stream;
    this.batch = batch;
    this.time = time;
    this.seed = seed;
  }

  /** SHA-256 of the stream. */
  public String digest() {
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * stream.length);
    bytes.asIntBuffer().put(stream);
    return Digest.sha256(bytes.array());
  }

  /** Windows of one pass. */
  public int count() {
    return stream.length / time - 1;
  }

  /** Which window is the n-th to be trained on, counted from 0. */
  public int place(long n) {
    return shuffled(count(), n % count(), seed + n / count());
  }

  /** A window by its place in the stream: (time + 1). */
  public int[] at(int place) {
    return Arrays.copyOfRange(stream, place * time, place * time + time + 1);
  }

  /** The places of a step's windows, those of its first micro-batch first. Steps count from 1. */
  public int[] places(long step) {
    int[] places = new int[2 * batch];
    Arrays.setAll(places, i -> place((step - 1) * 2 * batch + i));
    return places;
  }

  /** Both micro-batches of a step: (2, batch, time + 1). */
  public int[][][] of(long step) {
    int[] places = places(step);
    int[][][] windows = new int[2][batch][];
    for (int i = 0; i < places.length; i++) {
      windows[i / batch][i % batch] = at(places[i]);
    }
    return windows;
  }

  private int shuffled(int size, long position, long seed) {
    if (order.length != size || orderSeed != seed) {
      order = new int[size];
      Arrays.setAll(order, i -> i);
      SplittableRandom random = new SplittableRandom(seed);
      for (int i = size - 1; i > 0; i--) {
        int j = random.nextInt(i + 1);
        int swap = order[i];
        order[i] = order[j];
        order[j] = swap;
      }
      orderSeed = seed;
    }
    return order[(int) position];
  }
}
