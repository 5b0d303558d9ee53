package dev.millrace.model.assign;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
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

  /** More would not be held against each other: the first of them would be forgotten by then. */
  public static final int MOST_AGREE = TextGroup.MOST;

  /** A text that speaks less for a domain than all but this share of its own texts waits. */
  private static final double UNLIKE = 0.15;

  /** The same for a text that has waited, and that no others agreed with. */
  private static final double UNLIKE_AT_LAST = 0.02;

  /** Of the texts nearest to one, the share that must agree with it to open a domain. */
  private static final double AGREEING = 0.9;

  /** Tokens of a text that count: its first. */
  private static final int JUDGED = 512;

  /** Domains that are known; the one that no text was of for longest makes room. */
  static final int MOST_DOMAINS = 256;

  private final KnownTexts known;
  private final int agree;
  private final SortedMap<String, Domain> domains = new TreeMap<>();
  private final SortedMap<Long, Waiting> waiting = new TreeMap<>();
  private final Set<String> changed = new HashSet<>();

  /** Texts so far that were of a domain. */
  private long uses;

  /**
   * What is known of a domain.
   *
   * @param used the number of the last text that was of it
   */
  private record Domain(TextGroup texts, long used) {

    byte[] toBytes() {
      byte[] group = texts.toBytes();
      return ByteBuffer.allocate(group.length + Long.BYTES).put(group).putLong(used).array();
    }

    static Domain fromBytes(byte[] bytes) {
      try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
        return new Domain(TextGroup.read(in), in.readLong());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private record Waiting(int[] tokens, TokenVector vector, int room) {}

  /**
   * A text and the domain that it belongs to.
   *
   * @param text the number it came with
   */
  public record Placed(long text, String domain) {}

  /**
   * @param agree texts that open a domain, {@link #LEAST_AGREE} to {@link #MOST_AGREE}
   */
  public DomainFinder(KnownTexts known, int agree) {
    if (agree < LEAST_AGREE || agree > MOST_AGREE) {
      throw new IllegalArgumentException(
          "agree is %d, expected %d to %d".formatted(agree, LEAST_AGREE, MOST_AGREE));
    }
    this.known = known;
    this.agree = agree;
  }

  /** Takes note of a text that names its domain. */
  public void learn(String domain, int[] tokens) {
    Domain before = domains.get(domain);
    TextGroup texts = before == null ? new TextGroup() : before.texts();
    texts.add(judged(tokens), known);
    use(domain, texts);
  }

  /** Whether there is a domain with enough texts to say what is like them. */
  public boolean isAnyKnown() {
    return domains.values().stream().anyMatch(domain -> domain.texts().isKnown());
  }

  /** Whether {@link #changes} told so of a domain by these bytes. */
  public static boolean isKnown(byte[] domain) {
    return Domain.fromBytes(domain).texts().isKnown();
  }

  /** Takes note that a text was of a domain. */
  private void use(String domain, TextGroup texts) {
    domains.put(domain, new Domain(texts, ++uses));
    changed.add(domain);
    while (domains.size() > MOST_DOMAINS) {
      String unused =
          domains.entrySet().stream()
              .min(Comparator.comparingLong(other -> other.getValue().used()))
              .map(Map.Entry::getKey)
              .orElseThrow();
      domains.remove(unused);
      changed.add(unused);
    }
  }

  private static int[] judged(int[] tokens) {
    return Arrays.copyOf(tokens, Math.min(tokens.length, JUDGED));
  }

  /**
   * Places a text, or has it wait; with a new domain, texts that waited are placed too.
   *
   * @param number of the text, more than that of every text before
   * @param room that it takes while it waits
   * @param name of the domain that is opened if the text is the one that was missing; null opens
   *     none
   */
  public List<Placed> place(long number, int[] tokens, int room, @Nullable String name) {
    int[] judged = judged(tokens);
    String domain = home(judged, UNLIKE);
    if (domain != null) {
      return List.of(new Placed(number, domain));
    }
    Waiting text = new Waiting(judged, TokenVector.of(judged, known), room);
    waiting.put(number, text);
    return name == null ? List.of() : open(text, name);
  }

  /** Has a text wait again, as it did before a restart. */
  public void waits(long number, int[] tokens, int room) {
    int[] judged = judged(tokens);
    waiting.put(number, new Waiting(judged, TokenVector.of(judged, known), room));
  }

  /** Texts that wait. */
  public int waiting() {
    return waiting.size();
  }

  /** The room that they take together. */
  public long room() {
    return waiting.values().stream().mapToLong(Waiting::room).sum();
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
    if (nearest == null
        || TextGroup.perToken(nearest.odds(), tokens) < nearest.group().typical(share)) {
      return null;
    }
    use(nearest.domain(), nearest.group());
    return nearest.domain();
  }

  private @Nullable Nearest nearest(int[] tokens) {
    return domains.entrySet().stream()
        .filter(domain -> domain.getValue().texts().isKnown())
        .map(domain -> nearest(domain, tokens))
        .filter(domain -> domain.odds() >= Assignment.LEAST_NATS)
        .max(Comparator.comparingDouble(Nearest::odds))
        .orElse(null);
  }

  private Nearest nearest(Map.Entry<String, Domain> domain, int[] tokens) {
    TextGroup texts = domain.getValue().texts();
    return new Nearest(domain.getKey(), texts, texts.odds(tokens, known));
  }

  /**
   * Opens a domain if a text and those nearest to it, all but a few, explain each other better than
   * any known; copies are one text.
   */
  private List<Placed> open(Waiting text, String name) {
    if (waiting.size() < agree) {
      return List.of();
    }
    Set<IntBuffer> different = new HashSet<>();
    List<int[]> nearest =
        waiting.values().stream()
            .sorted(Comparator.comparingDouble(other -> -text.vector().cosine(other.vector())))
            .map(Waiting::tokens)
            .filter(tokens -> different.add(IntBuffer.wrap(tokens)))
            .limit(agree)
            .toList();
    if (nearest.size() < agree) {
      return List.of();
    }
    List<int[]> agreeing = agreeing(nearest);
    if (agreeing.size() < leastAgreeing()) {
      return List.of();
    }
    use(name, TextGroup.of(agreeing, known));
    return placedNow();
  }

  private int leastAgreeing() {
    return Math.max(TextGroup.KNOWN, (int) Math.ceil(AGREEING * agree));
  }

  /**
   * Those of some texts that agree with each other, or too few. One of another kind is not counted
   * in: its tokens, rare and in no other, would bring all of that kind to the domain.
   */
  private List<int[]> agreeing(List<int[]> texts) {
    TextGroup group = TextGroup.of(texts, known);
    List<int[]> agreeing = texts.stream().filter(one -> agrees(one, group)).toList();
    boolean settled = agreeing.size() == texts.size() || agreeing.size() < leastAgreeing();
    return settled ? agreeing : agreeing(agreeing);
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

  /**
   * Domains that texts were of since the last call, with what is known of each; no bytes of one
   * that made room.
   */
  public Map<String, byte[]> changes() {
    Map<String, byte[]> bytes = new TreeMap<>();
    for (String name : changed) {
      Domain domain = domains.get(name);
      bytes.put(name, domain == null ? new byte[0] : domain.toBytes());
    }
    changed.clear();
    return bytes;
  }

  /** Takes over what {@link #changes} told of a domain. */
  public void restore(String name, byte[] bytes) {
    Domain domain = Domain.fromBytes(bytes);
    domains.put(name, domain);
    uses = Math.max(uses, domain.used());
  }
}
