package dev.millrace.model.score;

import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.assign.OwnTokens;
import dev.millrace.model.assign.TokenSet;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * The last texts that a domain accepted as good examples, as sets of tokens, and how near to them
 * those were that came: by the cosine of what both have of their own with the k-th nearest
 * (Ramaswamy, Rastogi and Shim, 2000) and the mean one, beside the cosine of all with what the base
 * knows. k is a share of them all: a kind of text that is less of the domain than that is far from
 * it even where some got in.
 */
final class Neighbours {

  private static final double SHARE = 0.3;

  /** Fewer texts say little. */
  static final int FEW = 4;

  /** What is like nothing else, whatever it is, is not near for that. */
  private static final double LEAST_KNOWN = 0.02;

  private final int capacity;
  private final Deque<TokenSet> texts = new ArrayDeque<>();
  private final QualityWindow recent;

  /**
   * @param capacity texts that are kept
   * @param recent texts that others are ranked among
   */
  Neighbours(int capacity, int recent) {
    this.capacity = capacity;
    this.recent = new QualityWindow(recent);
  }

  /**
   * Ranks a text among those that came lately, and takes note of it: twice the share of them that
   * were no nearer, at most 1; a half while too little is known.
   */
  double rank(TokenSet text, KnownTexts known) {
    if (texts.size() < FEW) {
      return 0.5;
    }
    double nearness = nearness(text, known);
    double rank = recent.size() < FEW ? 0.5 : Math.min(1, 2 * recent.shareUpTo(nearness));
    recent.add(nearness);
    return rank;
  }

  double nearness(TokenSet text, KnownTexts known) {
    OwnTokens own = OwnTokens.of(text, known);
    double[] cosines =
        texts.stream()
            .mapToDouble(other -> own.cosine(OwnTokens.of(other, known), known))
            .sorted()
            .toArray();
    double near = cosines[(int) ((1 - SHARE) * cosines.length)];
    double mean = Arrays.stream(cosines).average().orElseThrow();
    return (near + mean) / 2 / (text.cosine(known) + LEAST_KNOWN);
  }

  /** Takes a text of the domain in, and forgets the oldest where there are too many. */
  void add(TokenSet text) {
    texts.add(text);
    if (texts.size() > capacity) {
      texts.remove();
    }
  }

  int encodedBytes() {
    int bytes = Integer.BYTES + recent.encodedBytes();
    for (TokenSet text : texts) {
      bytes += Double.BYTES + Integer.BYTES * (1 + text.tokens().length);
    }
    return bytes;
  }

  void write(ByteBuffer out) {
    out.putInt(texts.size());
    for (TokenSet text : texts) {
      out.putDouble(text.length()).putInt(text.tokens().length);
      for (int token : text.tokens()) {
        out.putInt(token);
      }
    }
    recent.write(out);
  }

  void read(ByteBuffer in) {
    int count = Lengths.read(in, Double.BYTES + Integer.BYTES);
    for (int i = 0; i < count; i++) {
      double length = in.getDouble();
      int[] tokens = new int[Lengths.read(in, Integer.BYTES)];
      for (int at = 0; at < tokens.length; at++) {
        tokens[at] = in.getInt();
      }
      add(new TokenSet(tokens, length));
    }
    recent.read(in);
  }
}
