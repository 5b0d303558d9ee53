package dev.millrace.adapter.exchange;

import java.util.List;

/**
 * A way of sending gradients in few bytes: what a codec leaves out is remembered and sent with the
 * next round's (error feedback, arXiv 1901.09847). Gradients are taken in the order in which they
 * are given, so that a round's result follows from its plan alone.
 */
public record Exchange(Codec codec, Shape shape) {

  /**
   * What a process sends, and what it remembers.
   *
   * @param received (parameters): what the message says
   * @param memory (parameters): what the message leaves out
   */
  public record Sent(byte[] message, float[] received, float[] memory) {}

  /** A memory of nothing. */
  public float[] noMemory() {
    return new float[shape.size()];
  }

  /**
   * One message for the mean of some gradients.
   *
   * @param gradients (parameters) each, in the order of who found them
   * @param memory (parameters): of the round before
   */
  public Sent send(List<float[]> gradients, float[] memory) {
    float[] wanted = mean(gradients);
    for (int i = 0; i < wanted.length; i++) {
      wanted[i] += memory[i];
    }
    byte[] message = codec.encode(wanted, shape);
    float[] received = receive(message);
    for (int i = 0; i < wanted.length; i++) {
      wanted[i] -= received[i];
    }
    return new Sent(message, received, wanted);
  }

  /** What a message says: (parameters). */
  public float[] receive(byte[] message) {
    return codec.decode(message, shape);
  }

  private float[] mean(List<float[]> gradients) {
    double[] sum = new double[shape.size()];
    for (float[] gradient : gradients) {
      shape.require(gradient);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += gradient[i];
      }
    }
    float[] mean = new float[sum.length];
    for (int i = 0; i < mean.length; i++) {
      mean[i] = (float) (sum[i] / gradients.size());
    }
    return mean;
  }
}
