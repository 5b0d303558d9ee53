package dev.millrace.model.base;

/**
 * Token ids and the adapter that reads them.
 *
 * @param tokens at least 2, behind a prefix at least 1
 */
public record Sequence(int[] tokens, LoadedAdapter adapter, Prefix prefix) {

  /** Behind no prefix. */
  public Sequence(int[] tokens, LoadedAdapter adapter) {
    this(tokens, adapter, Prefix.NONE);
  }
}
