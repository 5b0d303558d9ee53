package dev.millrace.model.swap;

/**
 * What is within reach.
 *
 * @param hotBytes of releases that stay in native memory, current or not; one that a request uses
 *     stays beyond
 * @param fetchers threads that fetch what is asked for and is not in memory
 * @param known how many releases can be asked for by id
 */
public record SwapConfig(long hotBytes, int fetchers, int known) {

  public static SwapConfig defaults() {
    return new SwapConfig(256L << 20, 4, 10_000);
  }

  /** The same with another bound of the memory. */
  public SwapConfig withHotBytes(long bytes) {
    return new SwapConfig(bytes, fetchers, known);
  }
}
