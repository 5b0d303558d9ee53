package dev.millrace.model.assign;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Says which domain texts belong to that name none: the known one whose texts they are like, or a
 * new one, once enough of those that are like no known domain agree with each other. What it says
 * is a function of the calls, in their order.
 */
public final class DomainFinder {

  /** Fewer texts say too little of a domain. */
  public static final int LEAST_AGREE = TextGroup.KNOWN;

  /** A text that speaks less for a domain than all but this share of its own texts waits. */
  private static final double UNLIKE = 0.15;

  /** The same for a text that has waited, and that no others agreed with. */
  private static final double UNLIKE_AT_LAST = 0.02;

  /** Of the texts that open a domain, the share that must be better explained by each other. */
  private static final double AGREEING = 0.9;

  /** Tokens of a text that count: its first. */
  private static final int JUDGED = 512;

  private final KnownTexts known;
  private final int agree;
  private final SortedMap<String, TextGroup> domains = new TreeMap<>();
  private final SortedMap<Long, Waiting> waiting = new TreeMap<>();
  private final Set<String> changed = new HashSet<>();

  private record Waiting(int[] tokens, TokenVector vector) {}

  /**
   * A text and the domain that it belongs to.
   *
   * @param text the number it came with
   */
  public record Placed(long text, String domain) {}

  /**
   * @param agree texts that open a domain, at least {@link #LEAST_AGREE}
   */
  public DomainFinder(KnownTexts known, int agree) {
    if (agree < LEAST_AGREE) {
      throw new IllegalArgumentException(
          "agree is " + agree + ", expected at least " + LEAST_AGREE);
    }
    this.known = known;
    this.agree = agree;
  }

  /** Takes note of a text that names its domain. */
  public void learn(String domain, int[] tokens) {
    domains.computeIfAbsent(domain, d -> new TextGroup()).add(judged(tokens), known);
    changed.add(domain);
  }

  private static int[] judged(int[] tokens) {
    return Arrays.copyOf(tokens, Math.min(tokens.length, JUDGED));
  }

  /**
   * Places a text, or has it wait; with a new domain, texts that waited are placed too.
   *
   * @param number of the text, more than that of every text before
   * @param name of the domain that is opened if the text is the one that was missing
   */
  public List<Placed> place(long number, int[] tokens, String name) {
    int[] judged = judged(tokens);
    String domain = home(judged, UNLIKE);
    if (domain != null) {
      return List.of(new Placed(number, domain));
    }
    Waiting text = new Waiting(judged, TokenVector.of(judged, known));
    waiting.put(number, text);
    return open(text, name);
  }

  /** Has a text wait again, as it did before a restart. */
  public void waits(long number, int[] tokens) {
    int[] judged = judged(tokens);
    waiting.put(number, new Waiting(judged, TokenVector.of(judged, known)));
  }

  /** Texts that wait. */
  public int waiting() {
    return waiting.size();
  }

  /** The text that has waited longest; null if none waits. */
  public @Nullable Long oldest() {
    return waiting.isEmpty() ? null : waiting.firstKey();
  }

  /**
   * Ends the wait of a text that no others agreed with.
   *
   * @return the domain that it is not too unlike; null if it belongs nowhere, or did not wait
   */
  public @Nullable String leave(long number) {
    Waiting text = waiting.remove(number);
    return text == null ? null : home(text.tokens(), UNLIKE_AT_LAST);
  }

  /** A known domain, and how much a text speaks for it, nats. */
  private record Nearest(String domain, TextGroup group, double odds) {}

  /** The known domain that a text speaks for most, if it does so as the domain's own texts do. */
  private @Nullable String home(int[] tokens, double share) {
    Nearest nearest = nearest(tokens);
    return nearest != null
            && TextGroup.perToken(nearest.odds(), tokens) >= nearest.group().typical(share)
        ? nearest.domain()
        : null;
  }

  private @Nullable Nearest nearest(int[] tokens) {
    return domains.entrySet().stream()
        .filter(domain -> domain.getValue().isKnown())
        .map(domain -> nearest(domain, tokens))
        .filter(domain -> domain.odds() >= Assignment.LEAST_NATS)
        .max(Comparator.comparingDouble(Nearest::odds))
        .orElse(null);
  }

  private Nearest nearest(Map.Entry<String, TextGroup> domain, int[] tokens) {
    return new Nearest(domain.getKey(), domain.getValue(), domain.getValue().odds(tokens, known));
  }

  /** Opens a domain if a text and those nearest to it explain each other better than any known. */
  private List<Placed> open(Waiting text, String name) {
    if (waiting.size() < agree) {
      return List.of();
    }
    List<int[]> nearest =
        waiting.values().stream()
            .sorted(Comparator.comparingDouble(other -> -text.vector().cosine(other.vector())))
            .limit(agree)
            .map(Waiting::tokens)
            .toList();
    TextGroup group = TextGroup.of(nearest, known);
    if (nearest.stream().filter(one -> agrees(one, group)).count() < AGREEING * agree) {
      return List.of();
    }
    domains.put(name, group);
    changed.add(name);
    return placedNow();
  }

  private boolean agrees(int[] text, TextGroup group) {
    Nearest nearest = nearest(text);
    double apart = nearest == null ? Assignment.LEAST_NATS : nearest.odds();
    return group.oddsWithout(text, known) > apart;
  }

  /** The texts that waited and wait no more. */
  private List<Placed> placedNow() {
    List<Placed> placed = new ArrayList<>();
    for (Map.Entry<Long, Waiting> one : List.copyOf(waiting.entrySet())) {
      String home = home(one.getValue().tokens(), UNLIKE);
      if (home != null) {
        placed.add(new Placed(one.getKey(), home));
        waiting.remove(one.getKey());
      }
    }
    return placed;
  }

  /** Domains that texts were learned of since the last call, with what is known of each. */
  public Map<String, byte[]> changes() {
    Map<String, byte[]> bytes = new TreeMap<>();
    domains.forEach(
        (domain, group) -> {
          if (changed.remove(domain)) {
            bytes.put(domain, group.toBytes());
          }
        });
    return bytes;
  }

  /** Takes over what {@link #changes} told of a domain. */
  public void restore(String domain, byte[] bytes) {
    domains.put(domain, TextGroup.fromBytes(bytes));
  }
}
