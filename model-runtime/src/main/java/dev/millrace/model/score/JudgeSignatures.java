package dev.millrace.model.score;

import java.nio.ByteBuffer;

/**
 * Signatures of what was accepted to judge, and those of pictures and sounds once more by
 * themselves: their pairs judge alignments by their number among pairs, however many texts come
 * between two.
 */
final class JudgeSignatures {

  private final SignatureRing all;
  private final SignatureRing pairs;

  /**
   * @param capacity how many are kept of all
   * @param ofPairs how many of those of pairs by themselves
   */
  JudgeSignatures(int capacity, int ofPairs) {
    all = new SignatureRing(MinHash.WORDS, capacity);
    pairs = new SignatureRing(MinHash.WORDS, ofPairs);
  }

  /** How many there are of all that was accepted lately. */
  int size() {
    return all.size();
  }

  void add(long[] signature) {
    all.add(signature);
  }

  /** Of what judges beside it alone. */
  void addOfPair(long[] signature) {
    pairs.add(signature);
  }

  /** As {@link SignatureRing#nearest}. */
  double nearest(long[] signature) {
    return Math.max(all.nearest(signature), pairs.nearest(signature));
  }

  /** As {@link SignatureRing#mostSimilar}. */
  double mostSimilar(long[] signature) {
    return Math.max(all.mostSimilar(signature), pairs.mostSimilar(signature));
  }

  int encodedBytes() {
    return all.encodedBytes() + pairs.encodedBytes();
  }

  /** By how many bytes those of further texts can still lengthen what is written. */
  int roomBytes() {
    return all.roomBytes();
  }

  void write(ByteBuffer out) {
    all.write(out);
    pairs.write(out);
  }

  /**
   * Adds what {@link #write} wrote.
   *
   * @param withPairs false where those of pairs stand among the others alone
   */
  void read(ByteBuffer in, boolean withPairs) {
    all.read(in);
    if (withPairs) {
      pairs.read(in);
    }
  }
}
