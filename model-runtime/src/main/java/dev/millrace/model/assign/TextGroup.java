package dev.millrace.model.assign;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The recent texts of one domain, held against each other and against what the base knows by the
 * naive Bayes of {@link Profile}: what a text like them speaks for the domain, and how much the
 * domain's own texts spoke for it when they were new.
 */
final class TextGroup {

  /** Texts that are kept. */
  static final int MOST = 64;

  /** With fewer it is not known what is like them. */
  static final int KNOWN = 16;

  /** What a text speaks for fewer than these says little of the domain. */
  private static final int FEW = 8;

  private final Deque<Text> texts = new ArrayDeque<>();
  private final Map<Integer, Integer> counts = new HashMap<>();
  private int total;

  /**
   * A text of the domain.
   *
   * @param own nats per token that it spoke for the domain without itself; NaN if there were few
   */
  private record Text(int[] tokens, double own) {}

  /** Texts that came together: each is held against all others. */
  static TextGroup of(List<int[]> together, KnownTexts known) {
    TextGroup all = new TextGroup();
    together.forEach(text -> all.count(text, 1));
    TextGroup group = new TextGroup();
    together.forEach(text -> group.add(text, perToken(all.oddsWithout(text, known), text)));
    return group;
  }

  /** Whether there are enough texts to say what is like them. */
  boolean isKnown() {
    return texts.size() >= KNOWN;
  }

  /** Takes a text of the domain in, and forgets the oldest where there are too many. */
  void add(int[] tokens, KnownTexts known) {
    add(tokens, texts.size() < FEW ? Double.NaN : perToken(odds(tokens, known), tokens));
  }

  private void add(int[] tokens, double own) {
    texts.add(new Text(tokens, own));
    count(tokens, 1);
    if (texts.size() > MOST) {
      count(texts.remove().tokens(), -1);
    }
  }

  private void count(int[] tokens, int more) {
    for (int token : tokens) {
      counts.merge(token, more, (a, b) -> a + b == 0 ? null : a + b);
      total += more;
    }
  }

  /** How much a text speaks for this domain and against what the base knows, nats. */
  double odds(int[] tokens, KnownTexts known) {
    double sum = 0;
    for (int token : tokens) {
      if (token < known.vocabulary()) {
        sum += Profile.odds(counts.getOrDefault(token, 0), known.frequency(token), total);
      }
    }
    return sum;
  }

  /** The same of a text that is one of these, had it not been among them. */
  double oddsWithout(int[] tokens, KnownTexts known) {
    count(tokens, -1);
    double odds = odds(tokens, known);
    count(tokens, 1);
    return odds;
  }

  static double perToken(double odds, int[] tokens) {
    return odds / Math.max(1, tokens.length);
  }

  /** What all but this share of the domain's own texts spoke for it at least, nats per token. */
  double typical(double share) {
    double[] own =
        texts.stream().mapToDouble(Text::own).filter(o -> !Double.isNaN(o)).sorted().toArray();
    return own[(int) (share * own.length)];
  }

  byte[] toBytes() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(texts.size());
      for (Text text : texts) {
        out.writeDouble(text.own());
        out.writeInt(text.tokens().length);
        for (int token : text.tokens()) {
          out.writeInt(token);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** Reads what {@link #toBytes} wrote, of bytes that go on behind it. */
  static TextGroup read(DataInputStream in) throws IOException {
    TextGroup group = new TextGroup();
    int size = in.readInt();
    for (int i = 0; i < size; i++) {
      double own = in.readDouble();
      int[] tokens = new int[in.readInt()];
      for (int at = 0; at < tokens.length; at++) {
        tokens[at] = in.readInt();
      }
      group.add(tokens, own);
    }
    return group;
  }
}
