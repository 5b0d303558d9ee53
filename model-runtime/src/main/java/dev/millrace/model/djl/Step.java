package dev.millrace.model.djl;

import java.util.List;

/** What computes the steps of a running batch, with the cache of its keys and values. */
interface Step extends AutoCloseable {

  /** Makes slots ready for a sequence. */
  void clear(int slot, int n);

  /**
   * Brings sequences forward.
   *
   * @param pieces those of one token first, in the order of their slots
   * @return (pieces that end, vocab): log p of their next tokens, nats
   */
  float[] advance(List<Piece> pieces);

  @Override
  void close();
}
