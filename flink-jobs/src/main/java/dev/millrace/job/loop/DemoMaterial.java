package dev.millrace.job.loop;

import dev.millrace.job.BaseTexts;
import dev.millrace.job.InTurns;
import dev.millrace.job.corpus.Chunks;
import dev.millrace.job.corpus.Corpora;
import dev.millrace.job.corpus.Document;
import dev.millrace.model.score.HeldOut;
import dev.millrace.schema.Sample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The demo's material: real text of five domains that the base never saw, pictures and sounds where
 * there are encoders for them, and some junk.
 */
public final class DemoMaterial {

  public static final List<String> DOMAINS =
      List.of("chinese", "cloud", "dictionary", "health", "legal");

  /** A text of this size fits the training context, 256 tokens, in all but Chinese. */
  private static final int BYTES = 480;

  private static final int CHINESE_BYTES = 240;
  private static final int LEAST_BYTES = 96;
  private static final int MOST_SAMPLES = 4_000;
  private static final int JUNK_EVERY = 12;
  static final int MEASURED = 24;
  private static final int PROMPTS = 400;

  /** Documents of a domain that are read at once, as a topic has many writers. */
  private static final int OPEN_DOCUMENTS = 24;

  static final int PROTECTED = 48;

  private DemoMaterial() {}

  /**
   * Reads the corpora on the classpath.
   *
   * @param base the base's folder, which holds the protected texts
   */
  public static Material read(Path base, HeldOut heldOut, long seed) throws IOException {
    SortedMap<String, List<String>> measured = new TreeMap<>();
    SortedMap<String, List<String>> prompts = new TreeMap<>();
    Map<String, List<Document>> streams = new LinkedHashMap<>();
    for (String domain : DOMAINS) {
      Random random = new Random(seed + domain.hashCode());
      List<Document> documents = new ArrayList<>(Corpora.load(domain));
      Collections.shuffle(documents, random);
      List<List<Document>> chunked = documents.stream().map(DemoMaterial::chunks).toList();
      List<Document> stream = first(woven(chunked), MOST_SAMPLES);
      List<String> aside = new ArrayList<>();
      for (List<Document> chunks : chunked) {
        for (Document chunk : chunks) {
          if (heldOut.contains(null, domain, chunk.title())) {
            aside.add(chunk.text());
          }
        }
      }
      Collections.shuffle(aside, random);
      measured.put(domain, first(aside, MEASURED));
      List<String> texts = new ArrayList<>(stream.stream().map(Document::text).toList());
      Collections.shuffle(texts, random);
      prompts.put(domain, first(texts, PROMPTS));
      streams.put(domain, stream);
    }
    List<List<Sample>> all = interleavable(streams, new Random(seed));
    if (Files.isDirectory(base.resolveSibling("align"))) {
      for (String domain : MediaMaterial.DOMAINS) {
        MediaMaterial media = MediaMaterial.read(domain, new Random(seed + domain.hashCode()));
        measured.put(domain, first(captions(media.good(), heldOut, true), MEASURED));
        prompts.put(domain, first(captions(media.good(), heldOut, false), PROMPTS));
        all.add(media.withJunk());
      }
    }
    return new Material(InTurns.of(all), measured, prompts, protectedTexts(base), new TreeMap<>());
  }

  /** As many of every protected set, of the texts that judge no candidate. */
  static List<String> protectedTexts(Path base) throws IOException {
    SortedMap<String, List<String>> sets = BaseTexts.measuring(base);
    return sets.values().stream()
        .flatMap(set -> last(set, Math.max(1, PROTECTED / sets.size())).stream())
        .toList();
  }

  private static List<Document> chunks(Document document) {
    int bytes = document.domain().equals("chinese") ? CHINESE_BYTES : BYTES;
    return Chunks.chunks(document, bytes, LEAST_BYTES);
  }

  /** One piece of each open document in turn; the next document opens where one ends. */
  private static List<Document> woven(List<List<Document>> documents) {
    Deque<Iterator<Document>> waiting = new ArrayDeque<>();
    documents.forEach(document -> waiting.add(document.iterator()));
    Deque<Iterator<Document>> open = new ArrayDeque<>();
    List<Document> woven = new ArrayList<>();
    while (!open.isEmpty() || !waiting.isEmpty()) {
      while (open.size() < OPEN_DOCUMENTS && !waiting.isEmpty()) {
        open.add(waiting.remove());
      }
      Iterator<Document> document = open.remove();
      if (document.hasNext()) {
        woven.add(document.next());
        open.add(document);
      }
    }
    return woven;
  }

  /** What is said of a domain's pictures or sounds, where their documents are held out or not. */
  private static List<String> captions(List<Sample> stream, HeldOut heldOut, boolean judges) {
    return stream.stream()
        .filter(
            sample ->
                heldOut.contains(null, String.valueOf(sample.domain()), sample.document())
                    == judges)
        .map(Sample::teaches)
        .toList();
  }

  /** Each domain's texts with junk between them. */
  private static List<List<Sample>> interleavable(
      Map<String, List<Document>> streams, Random random) {
    Junk junk = new Junk(random);
    List<List<Sample>> all = new ArrayList<>();
    for (List<Document> stream : streams.values()) {
      List<Sample> samples = new ArrayList<>();
      for (Document chunk : stream) {
        Sample good =
            Samples.of(
                chunk.domain() + "/" + chunk.id(), chunk.title(), chunk.domain(), chunk.text());
        samples.add(good);
        if (random.nextInt(JUNK_EVERY) == 0) {
          samples.add(junk.from(good));
        }
      }
      all.add(samples);
    }
    return all;
  }

  private static <T> List<T> first(List<T> list, int n) {
    return List.copyOf(list.subList(0, Math.min(n, list.size())));
  }

  private static <T> List<T> last(List<T> list, int n) {
    return List.copyOf(list.subList(Math.max(0, list.size() - n), list.size()));
  }
}
