package dev.millrace.model.ngram;

import java.util.stream.IntStream;

/**
 * A byte 6-gram with Witten-Bell smoothing (Witten and Bell 1991, method C), interpolated from five
 * bytes of context down to the uniform distribution over 256 bytes: {@code p(c|h) = (n(hc) + t(h)
 * p(c|h')) / (n(h) + t(h))}, where t(h) is how many different bytes followed h, and h' is h without
 * its oldest byte. Every text starts with an empty context, in training and in use.
 */
public final class ByteNgram {

  public static final int ORDER = 6;

  /** By length of the context. */
  private final ContextCounts[] counts;

  private ByteNgram(ContextCounts[] counts) {
    this.counts = counts;
  }

  /** A model of the texts. */
  public static ByteNgram train(Iterable<byte[]> texts) {
    ContextCounts[] counts =
        IntStream.range(0, ORDER).mapToObj(ContextCounts::new).toArray(ContextCounts[]::new);
    for (byte[] text : texts) {
      long window = 0;
      for (int i = 0; i < text.length; i++) {
        window = (window << 8) | (text[i] & 0xFF);
        counts[Math.min(i, ORDER - 1)].add(window, 1);
      }
    }
    for (int length = ORDER - 1; length > 0; length--) {
      counts[length].addTo(counts[length - 1]);
    }
    for (ContextCounts count : counts) {
      count.sumUp();
    }
    return new ByteNgram(counts);
  }

  /**
   * −log2 p of a text, summed over all bytes but the first {@code skipFirst}, which are context.
   */
  public double bits(byte[] text, int skipFirst) {
    double bits = 0;
    long window = 0;
    for (int i = 0; i < text.length; i++) {
      window = (window << 8) | (text[i] & 0xFF);
      if (i >= skipFirst) {
        bits -= Math.log(probability(window, Math.min(i, ORDER - 1)));
      }
    }
    return bits / Math.log(2);
  }

  private double probability(long window, int context) {
    double probability = 1 / 256.0;
    for (int length = 0; length <= context; length++) {
      probability = counts[length].interpolate(window, probability);
    }
    return probability;
  }
}
