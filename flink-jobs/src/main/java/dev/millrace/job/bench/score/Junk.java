package dev.millrace.job.bench.score;

import dev.millrace.job.corpus.Document;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Texts that should teach nobody anything, made from good ones, each with its label. */
final class Junk {

  /** What a text of a mixed stream is. */
  enum Label {
    CLEAN,
    /** Most characters replaced by random ones. */
    GARBLED,
    /** The very text of an earlier document. */
    DUPLICATE,
    /** The text of an earlier document with a few words changed. */
    NEAR_DUPLICATE,
    /** The same notice over and over. */
    BOILERPLATE,
    /** The words of a text in any order. */
    SHUFFLED,
    /** A text of another language. */
    FOREIGN,
    /** A text of another domain in the same language. */
    OFF_DOMAIN,
    /** A document that nobody made junk of: most of it stood in an earlier one. */
    REAL_COPY
  }

  /** A document and what it is. */
  record Labelled(Document document, Label label) {}

  private static final List<Label> MADE =
      List.of(
          Label.GARBLED, Label.DUPLICATE, Label.NEAR_DUPLICATE, Label.BOILERPLATE, Label.SHUFFLED);

  private static final String NOTICE =
      "This site uses cookies. By continuing to browse you accept our terms of use. "
          + "Click here to accept all. Share this page. Subscribe to our newsletter.\n";

  /** Documents that have so much in common with an earlier one teach little new. */
  private static final double COPY = 0.5;

  private static final Pattern WORD = Pattern.compile("\\p{L}+");

  private final Random random;
  private final Map<Label, List<Document>> elsewhere;
  private final List<Label> kinds;

  /** Of texts from elsewhere, the ids of those that are in the stream. */
  private final Set<String> taken = new HashSet<>();

  private Junk(Map<Label, List<Document>> elsewhere, long seed) {
    this.random = new Random(seed);
    this.elsewhere = elsewhere;
    this.kinds = Stream.concat(MADE.stream(), elsewhere.keySet().stream().sorted()).toList();
  }

  /**
   * The documents in their order, with junk between them: made from earlier ones, or from
   * elsewhere. A document that is nearly an earlier one is a real copy as it stands.
   *
   * @param elsewhere texts that are junk here as they stand, by what they are
   * @param share how much of the stream is put between them, 0 to 0.5
   */
  static List<Labelled> mixInto(
      List<Document> documents, Map<Label, List<Document>> elsewhere, double share, long seed) {
    if (!(share >= 0 && share <= 0.5)) {
      throw new IllegalArgumentException("share %s, expected 0 to 0.5".formatted(share));
    }
    Junk junk = new Junk(elsewhere, seed);
    Copies copies = new Copies();
    List<Labelled> stream = new ArrayList<>();
    for (int i = 0; i < documents.size(); i++) {
      boolean copy = copies.similarity(documents.get(i).text()) >= COPY;
      stream.add(new Labelled(documents.get(i), copy ? Label.REAL_COPY : Label.CLEAN));
      if (junk.random.nextDouble() < share / (1 - share)) {
        Document original = documents.get(junk.random.nextInt(i + 1));
        Label kind = junk.kinds.get(junk.random.nextInt(junk.kinds.size()));
        stream.add(junk.made(original, kind, stream.size()));
      }
    }
    return stream;
  }

  /** The title stays, so that junk made from a held-out document is held out too. */
  private Labelled made(Document original, Label kind, int number) {
    String text =
        switch (kind) {
          case GARBLED -> garbled(original.text());
          case NEAR_DUPLICATE -> nearDuplicate(original.text());
          case BOILERPLATE -> boilerplate(original.text().length());
          case SHUFFLED -> shuffled(original.text());
          case FOREIGN, OFF_DOMAIN -> any(elsewhere.getOrDefault(kind, List.of())).text();
          default -> original.text();
        };
    String id = original.id() + "~" + number;
    return new Labelled(new Document(id, original.domain(), original.title(), text), kind);
  }

  /** Seven characters in ten become random ones of Latin-1, as after a wrong decoding. */
  private String garbled(String text) {
    StringBuilder garbled = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> garbled.appendCodePoint(random.nextInt(10) < 7 ? '!' + random.nextInt(0xDE) : c));
    return garbled.toString();
  }

  /** One word in twenty, and at least one, is written backwards with an x in front. */
  private String nearDuplicate(String text) {
    List<MatchResult> words = WORD.matcher(text).results().toList();
    if (words.isEmpty()) {
      return text + " x";
    }
    StringBuilder changed = new StringBuilder(text);
    int first = random.nextInt(Math.min(20, words.size()));
    int last = first + (words.size() - 1 - first) / 20 * 20;
    for (int i = last; i >= first; i -= 20) {
      MatchResult word = words.get(i);
      String reversed = new StringBuilder(word.group()).reverse().toString();
      changed.replace(word.start(), word.end(), "x" + reversed);
    }
    return changed.toString();
  }

  private String shuffled(String text) {
    List<String> words = new ArrayList<>(List.of(text.split("\\s+", -1)));
    Collections.shuffle(words, random);
    return String.join(" ", words);
  }

  /** One that has not been taken, while there are such: what comes twice is a duplicate. */
  private Document any(List<Document> documents) {
    int drawn = random.nextInt(documents.size());
    for (int i = 0; i < documents.size(); i++) {
      Document document = documents.get((drawn + i) % documents.size());
      if (taken.add(document.id())) {
        return document;
      }
    }
    return documents.get(drawn);
  }

  private static String boilerplate(int length) {
    return NOTICE.repeat(1 + length / NOTICE.length());
  }
}
