package dev.millrace.model.assign;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which tokens the recent texts of a domain are made of, beside how often the base's own texts have
 * them; a value. A text is judged by multinomial naive Bayes whose prior is the base's distribution
 * (Zhai and Lafferty, SIGIR 2001, Dirichlet smoothing), in integers, so that every machine judges
 * alike.
 */
public final class Profile {

  /** The file of a release that holds it. */
  public static final String FILE = "profile.safetensors";

  /** Tokens that are recent: beyond them the old ones count half. */
  static final int RECENT = 1 << 16;

  /** Tokens of the prior. */
  private static final int PRIOR = 1000;

  private static final int MICRO = 1_000_000;
  private static final Profile EMPTY = new Profile(new int[0], new int[0], new int[0], 0, 1);

  final int[] tokens;
  final int[] counts;
  final int[] known;
  final int knownTokens;
  final int vocabulary;

  /** (tokens): what one of each speaks for the domain, micronats. */
  private final int[] odds;

  private final int unseenOdds;

  /**
   * @param tokens ids, ascending
   * @param counts of each, at least 1
   * @param known counts of each in the texts that the base knows
   */
  Profile(int[] tokens, int[] counts, int[] known, int knownTokens, int vocabulary) {
    this.tokens = tokens;
    this.counts = counts;
    this.known = known;
    this.knownTokens = knownTokens;
    this.vocabulary = vocabulary;
    int total = total(counts);
    odds = new int[tokens.length];
    for (int i = 0; i < odds.length; i++) {
      odds[i] =
          micro(odds(counts[i], (known[i] + 1.0) / (knownTokens + (double) vocabulary), total));
    }
    unseenOdds = micro(odds(0, 1, total));
  }

  /** The profile of a domain that has shown nothing yet. */
  public static Profile empty() {
    return EMPTY;
  }

  /**
   * Reads what {@link #toBytes} wrote.
   *
   * @throws dev.millrace.model.weights.InvalidWeightsException if the bytes are anything else
   */
  public static Profile parse(byte[] bytes) {
    return ProfileCodec.decode(bytes);
  }

  /** Safetensors; the same bytes for equal profiles. */
  public byte[] toBytes() {
    return ProfileCodec.encode(this);
  }

  /** The profile after some more texts of the domain. */
  public Profile with(List<int[]> texts, KnownTexts base) {
    Map<Integer, Integer> sum = new TreeMap<>();
    for (int i = 0; i < tokens.length; i++) {
      sum.put(tokens[i], counts[i]);
    }
    for (int[] text : texts) {
      for (int token : text) {
        if (token < base.vocabulary()) {
          sum.merge(token, 1, Integer::sum);
        }
      }
    }
    while (sum.values().stream().mapToInt(Integer::intValue).sum() > RECENT) {
      sum.replaceAll((token, count) -> count / 2);
      sum.values().removeIf(count -> count == 0);
    }
    return of(sum, base);
  }

  private static Profile of(Map<Integer, Integer> sum, KnownTexts base) {
    int[] tokens = sum.keySet().stream().mapToInt(Integer::intValue).toArray();
    int[] counts = sum.values().stream().mapToInt(Integer::intValue).toArray();
    int[] known = Arrays.stream(tokens).map(token -> base.counts()[token]).toArray();
    return new Profile(tokens, counts, known, base.tokens(), base.vocabulary());
  }

  /** How much a text speaks for this domain and against what the base knows, micronats. */
  long odds(int[] text) {
    int[] sorted = text.clone();
    Arrays.sort(sorted); // one look at what is sorted already
    long sum = 0;
    int at = 0;
    int one = 0;
    for (int i = 0; i < sorted.length; i++) {
      if (i == 0 || sorted[i] != sorted[i - 1]) {
        at = place(sorted[i], at);
        one = at < tokens.length && tokens[at] == sorted[i] ? odds[at] : unseenOdds;
      }
      sum += one;
    }
    return sum;
  }

  /** The first place, from one on, whose token is no less: looked for in steps that double. */
  private int place(int token, int from) {
    int to = from;
    for (int step = 1; to < tokens.length && tokens[to] < token; step *= 2) {
      from = to + 1;
      to += step;
    }
    int at = Arrays.binarySearch(tokens, from, Math.min(to, tokens.length), token);
    return at < 0 ? ~at : at;
  }

  /** How much a text speaks for this domain and against what the base knows, nats a token. */
  public double oddsPerToken(int[] text) {
    return odds(text) / (double) MICRO / Math.max(1, text.length);
  }

  /** Log of the smoothed frequency in the domain over that in the base's texts. */
  static double odds(int count, double known, int total) {
    return StrictMath.log((count + PRIOR * known) / ((total + (double) PRIOR) * known));
  }

  private static int micro(double nats) {
    return (int) Math.round(MICRO * nats);
  }

  private static int total(int[] counts) {
    return Arrays.stream(counts).reduce(0, Math::addExact);
  }
}
