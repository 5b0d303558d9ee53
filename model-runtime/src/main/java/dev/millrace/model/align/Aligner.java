package dev.millrace.model.align;

import dev.millrace.model.base.Prefix;
import java.util.List;

/**
 * Brings texts, code, pictures and sounds into one space, where what belongs together lies close.
 * Safe for use by several threads.
 */
public interface Aligner extends AutoCloseable {

  /** Width of the shared space. */
  int DIMENSION = 64;

  AlignConfig config();

  /** Encoders of one id see things in the same places. */
  String id();

  /** The places of inputs, all of one type, as unit vectors: (inputs, DIMENSION). */
  List<float[]> embed(List<? extends Input> inputs);

  /** The place of one input: (DIMENSION), of length 1. */
  default float[] embed(Input input) {
    return embed(List.of(input)).get(0);
  }

  /** Rows of the prefixes that these encoders make; 0 if they make none. */
  int prefixLength();

  /** Encoders and projections of one id make the same prefixes; empty if they make none. */
  String prefixId();

  /**
   * What a base reads in place of pictures or sounds, all of one type.
   *
   * @throws IllegalStateException if these encoders make no prefixes
   */
  List<Prefix> prefixes(List<? extends Input> media);

  /** The cosine of two places. */
  static double cosine(float[] a, float[] b) {
    float sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  @Override
  void close();
}
