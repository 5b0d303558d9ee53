package dev.millrace.job.bench.learn;

import dev.millrace.job.corpus.Chunks;
import dev.millrace.job.corpus.Corpora;
import dev.millrace.job.corpus.Document;
import dev.millrace.model.score.HeldOut;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import dev.millrace.schema.ScoredSample;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Cuts open corpora into subjects.
 *
 * @param visits how often each subject comes
 * @param batches of a visit
 * @param batchSize samples of a batch
 * @param exam texts that are measured
 */
public record Course(
    Tokenizer tokenizer, long seed, int visits, int batches, int batchSize, int exam) {

  private static final int BYTES = 480;
  private static final int LEAST_BYTES = 96;
  private static final int TRAIN_TOKENS = 256;
  private static final int SHOWN_CHARS = 160;
  private static final int JUDGING = 48;

  /** Pieces of one document, at most: many documents say more. */
  private static final int PIECES = 3;

  private static final HeldOut EXAM = new HeldOut("exam", 5);
  private static final HeldOut JUDGES = new HeldOut("judges", 5);

  /** A part of a corpus. */
  private record Part(String corpus, Predicate<String> titles) {}

  private static final Map<String, Part> PARTS =
      new TreeMap<>(
          Map.of(
              "legal", new Part("legal", title -> true),
              "health", new Part("health", title -> true),
              "chinese", new Part("chinese", title -> true),
              "cloud", new Part("cloud", title -> true),
              "nouns", new Part("dictionary", title -> title.startsWith("noun")),
              "verbs", new Part("dictionary", title -> title.startsWith("verb")),
              "finnish", new Part("parliament", title -> title.startsWith("fi/")),
              "greek", new Part("parliament", title -> title.startsWith("el/"))));

  /** Six that differ, two of them much alike to people; the base has seen a little of one. */
  static final List<String> ORDER =
      List.of("legal", "nouns", "chinese", "health", "finnish", "cloud");

  /** What a subject can be called. */
  static List<String> names() {
    return List.copyOf(PARTS.keySet());
  }

  /**
   * The subject of a name.
   *
   * @throws IllegalArgumentException if there is none, or it is too small for the course
   */
  public Subject subject(String name) {
    Part part = PARTS.get(name);
    if (part == null) {
      throw new IllegalArgumentException("domain " + name + ", expected one of " + names());
    }
    return subject(name, part);
  }

  /** Finnish debates of some years, as a subject of its own. */
  Subject debates(int from, int to) {
    return subject(
        from + "–" + to,
        new Part(
            "parliament",
            title -> title.startsWith("fi/") && from <= year(title) && year(title) <= to));
  }

  /** Titles are language, date, title, with slashes between. */
  private static int year(String title) {
    int date = title.indexOf('/') + 1;
    return Integer.parseInt(title.substring(date, date + 4));
  }

  private Subject subject(String name, Part part) {
    List<Document> documents = new ArrayList<>(Corpora.load(part.corpus()));
    documents.removeIf(document -> !part.titles().test(document.title()));
    Collections.shuffle(documents, new Random(seed + name.hashCode()));
    List<Document> teaching = new ArrayList<>();
    List<Document> judging = new ArrayList<>();
    List<Document> measured = new ArrayList<>();
    for (Document document : documents) {
      boolean inExam = EXAM.contains(null, name, document.title());
      boolean judges = JUDGES.contains(null, name, document.title());
      (inExam ? measured : judges ? judging : teaching).addAll(pieces(document));
    }
    int needed = visits * batches * batchSize;
    require(name, teaching.size(), needed);
    require(name, measured.size(), exam);
    return new Subject(
        name,
        lessons(name, teaching.subList(0, needed)),
        samples(name, judging.subList(0, Math.min(JUDGING, judging.size())), true),
        measured.subList(0, exam).stream().map(this::text).toList());
  }

  private static void require(String name, int found, int needed) {
    if (found < needed) {
      throw new IllegalArgumentException(
          "domain %s has %d texts, expected at least %d: ask for fewer rounds"
              .formatted(name, found, needed));
    }
  }

  private List<Document> pieces(Document document) {
    List<Document> pieces = new ArrayList<>(Chunks.chunks(document, BYTES, LEAST_BYTES));
    Collections.shuffle(pieces, new Random(seed + document.title().hashCode()));
    return pieces.subList(0, Math.min(PIECES, pieces.size()));
  }

  private List<List<List<ScoredSample>>> lessons(String name, List<Document> pieces) {
    List<ScoredSample> all = samples(name, pieces, false);
    List<List<List<ScoredSample>>> lessons = new ArrayList<>();
    for (int visit = 0; visit < visits; visit++) {
      List<List<ScoredSample>> ofVisit = new ArrayList<>();
      for (int batch = 0; batch < batches; batch++) {
        int from = (visit * batches + batch) * batchSize;
        ofVisit.add(List.copyOf(all.subList(from, from + batchSize)));
      }
      lessons.add(List.copyOf(ofVisit));
    }
    return List.copyOf(lessons);
  }

  private List<ScoredSample> samples(String name, List<Document> pieces, boolean heldOut) {
    List<ScoredSample> samples = new ArrayList<>();
    for (Document piece : pieces) {
      Origin origin = new Origin(name, heldOut ? 1 : 0, samples.size());
      Sample sample =
          Sample.ofText(
              name + "/" + piece.id(), "bench", piece.title(), name, piece.text(), 0, origin);
      samples.add(new ScoredSample(sample, tokens(piece.text()), 0, 0, 0, heldOut));
    }
    return samples;
  }

  private Subject.Text text(Document piece) {
    String text = piece.text();
    int[] tokens = tokens(text);
    int bytes = tokenizer.decode(tokens).getBytes(StandardCharsets.UTF_8).length;
    String start = text.substring(0, Math.min(SHOWN_CHARS, text.length()));
    return new Subject.Text(tokens, bytes, tokenizer.encode(start));
  }

  private int[] tokens(String text) {
    int[] tokens = tokenizer.encode(text);
    return Arrays.copyOf(tokens, Math.min(TRAIN_TOKENS, tokens.length));
  }
}
