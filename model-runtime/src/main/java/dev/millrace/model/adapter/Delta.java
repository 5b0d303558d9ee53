package dev.millrace.model.adapter;

/**
 * What is added at one site: {@code B·A·x}. Also the gradients by both factors.
 *
 * @param a (experts · rank, in), row-major
 * @param b (experts · out, rank), row-major
 */
public record Delta(Site site, int rank, float[] a, float[] b) {

  public Delta {
    long n = (long) site.experts() * rank;
    if (a.length != n * site.in() || b.length != n * site.out()) {
      throw new IllegalArgumentException(
          "adapter at %s has %d and %d values, expected %d×%d and %d×%d"
              .formatted(
                  site.name(),
                  a.length,
                  b.length,
                  n,
                  site.in(),
                  (long) site.experts() * site.out(),
                  rank));
    }
  }
}
