package dev.millrace.model.djl;

import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Prefix;

/**
 * Tokens that a sequence brings into a step of a running batch.
 *
 * @param slot the sequence's first
 * @param past tokens before them
 * @param tokens below 0 for the next row of given
 * @param ends a token follows the last one
 */
record Piece(int slot, int past, int[] tokens, Prefix given, LoadedAdapter adapter, boolean ends) {

  boolean isOne() {
    return tokens.length == 1;
  }
}
