package dev.millrace.adapter.exchange;

import java.util.List;

/**
 * A round of exchange in two levels: the gradients of one process are combined in memory, one
 * message a process crosses, and every process makes the same of all messages. What a codec leaves
 * out is remembered and sent with the next round's update (error feedback, arXiv 1901.09847).
 *
 * <p>Messages and updates are taken in the order in which they are given, so that a round's result
 * follows from its plan alone.
 */
public record Exchange(Codec codec, Shape shape) {

  /**
   * What a process sends, and what it remembers.
   *
   * @param memory (parameters): what the message leaves out
   */
  public record Sent(byte[] message, float[] memory) {}

  /** A memory of nothing. */
  public float[] noMemory() {
    return new float[shape.size()];
  }

  /**
   * Combines the updates of a process's trainers.
   *
   * @param updates (parameters) each, in the order of the trainers
   * @param memory (parameters): of the round before
   */
  public Sent send(List<float[]> updates, float[] memory) {
    float[] wanted = mean(updates);
    for (int i = 0; i < wanted.length; i++) {
      wanted[i] += memory[i];
    }
    byte[] message = codec.encode(wanted, shape);
    float[] sent = codec.decode(message, shape);
    for (int i = 0; i < wanted.length; i++) {
      wanted[i] -= sent[i];
    }
    return new Sent(message, wanted);
  }

  /**
   * The update that all processes apply.
   *
   * @param messages of all of them, this one's included, in the order of the processes
   */
  public float[] receive(List<byte[]> messages) {
    return mean(messages.stream().map(message -> codec.decode(message, shape)).toList());
  }

  private float[] mean(List<float[]> updates) {
    double[] sum = new double[shape.size()];
    for (float[] update : updates) {
      shape.require(update);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += update[i];
      }
    }
    float[] mean = new float[sum.length];
    for (int i = 0; i < mean.length; i++) {
      mean[i] = (float) (sum[i] / updates.size());
    }
    return mean;
  }
}
