package dev.millrace.model.score;

import java.io.Serializable;

/**
 * The bounds of what a domain remembers.
 *
 * @param exact hashes of the last texts seen, 8 bytes each
 * @param near signatures of the last texts that came to Q(x), accepted or not, 128 bytes each
 * @param heldOut signatures of the last held-out texts that were accepted, 128 bytes each, and of
 *     pictures and sounds as many more, two of each, 96 bytes each: at least 1,536, and six times
 *     {@code learn.heldOut} and, where pairs are learned, {@code align.heldOut}, so that nothing
 *     like what may still judge teaches
 * @param lines counters of lines, one byte each, a power of two
 * @param referenceBits log2 of the cells of the reference, 3.5 bytes each
 * @param embeddings embeddings of the last texts accepted for training, 4 · hidden size bytes each;
 *     with the signal belonging the tokens of as many of the best too, at most 4 · trainTokens
 *     bytes
 * @param qualities the last values of Q(x), 8 bytes each
 */
public record MemoryLimits(
    int exact, int near, int heldOut, int lines, int referenceBits, int embeddings, int qualities)
    implements Serializable {

  /** Embeddings and qualities: with fewer the signal belonging would never say anything. */
  public static final int LEAST = Neighbours.FEW;

  public static MemoryLimits defaults() {
    return new MemoryLimits(16_384, 4_096, 2_048, 8_192, 17, 128, 256);
  }
}
