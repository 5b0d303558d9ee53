package dev.millrace.job;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.adapter.gate.Canary;
import dev.millrace.adapter.gate.ProtectedSet;
import dev.millrace.adapter.gate.Protection;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.distil.Exam;
import dev.millrace.model.score.SampleTokens;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.weights.WholeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The texts that a base folder carries beside its weights, one {@code {"domain", "text"}} a line:
 * what is trained beside every batch, and what no adapter may spoil. A base without them answers,
 * and nothing is released for it.
 */
public final class BaseTexts {

  /** Trained beside every batch. */
  public static final String ANCHORS = "anchors.jsonl";

  /** Judges every candidate, but for what reports measure; shares no document with the anchors. */
  public static final String PROTECTED = "protected.jsonl";

  /** Prompts whose greedy outputs no adapter may change; whoever runs the base writes them. */
  public static final String CANARIES = "canaries.jsonl";

  /** Longest sequence of a text that is judged on its own, in tokens; a base may take fewer. */
  public static final int MAX_TOKENS = 256;

  /** Texts are cut into pieces of so many tokens: many short ones say more than few long ones. */
  private static final int PIECE = 80;

  private static final int SHORTEST_PIECE = 16;

  private BaseTexts() {}

  /**
   * One line of a file.
   *
   * @param document of which others have lines too; null is one of its own
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Line(String domain, String text, @Nullable String document) {

    public Line(String domain, String text) {
      this(domain, text, null);
    }
  }

  /** The lines of a file of the folder, in order. */
  public static List<Line> lines(Path folder, String file) throws IOException {
    Path path = folder.resolve(file);
    if (!Files.exists(path)) {
      return List.of();
    }
    ObjectMapper mapper = new ObjectMapper();
    List<Line> lines = new ArrayList<>();
    for (String json : Files.readAllLines(path)) {
      try {
        JsonNode node = mapper.readTree(json);
        lines.add(
            new Line(
                node.required("domain").asText(),
                node.required("text").asText(),
                node.path("document").asText(null)));
      } catch (JsonProcessingException | IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "line %d of %s, expected {\"domain\", \"text\"}: %s"
                .formatted(lines.size() + 1, path, e.getMessage()),
            e);
      }
    }
    return lines;
  }

  /** Writes such a file. */
  public static void write(Path file, List<Line> lines) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    StringBuilder json = new StringBuilder();
    for (Line line : lines) {
      json.append(mapper.writeValueAsString(line)).append('\n');
    }
    WholeFile.write(file, json.toString().getBytes(UTF_8));
  }

  /**
   * Refuses a base for which no candidate could pass the gate.
   *
   * @throws IllegalArgumentException if it has no protected texts
   */
  public static void requireProtected(Path folder) throws IOException {
    if (lines(folder, PROTECTED).isEmpty()) {
      throw new IllegalArgumentException(
          "base %s has no %s, expected one: without it no candidate passes the gate; ./millrace model protect %s writes it"
              .formatted(folder, PROTECTED, folder));
    }
  }

  /** All texts of a folder, held-out ones of its base, to judge it and its students on. */
  public static Exam exam(Path folder, Tokenizer tokenizer) throws IOException {
    List<Exam.Text> texts = new ArrayList<>();
    texts.addAll(exam(folder, ANCHORS, tokenizer).texts());
    texts.addAll(exam(folder, PROTECTED, tokenizer).texts());
    return new Exam(List.copyOf(texts));
  }

  /** Texts as the base in a folder can be asked about them: of a longer one the beginning. */
  public static SampleTokens beginnings(Path folder, Tokenizer tokenizer) throws IOException {
    int positions = MoeConfigs.read(folder.resolve("config.json")).maxPositionEmbeddings();
    return new SampleTokens(tokenizer, Math.min(MAX_TOKENS, positions));
  }

  /** The same of one file; texts that are too short or long to be judged whole are left out. */
  public static Exam exam(Path folder, String file, Tokenizer tokenizer) throws IOException {
    int most = beginnings(folder, tokenizer).most();
    List<Exam.Text> texts = new ArrayList<>();
    for (Line line : lines(folder, file)) {
      int[] tokens = tokenizer.encode(line.text());
      if (tokens.length >= 2 && tokens.length <= most) {
        texts.add(new Exam.Text(line.domain(), tokens, line.text().getBytes(UTF_8).length));
      }
    }
    return new Exam(List.copyOf(texts));
  }

  /** Token sequences to train beside every batch. */
  public static List<int[]> anchors(Path folder, Tokenizer tokenizer) throws IOException {
    return lines(folder, ANCHORS).stream()
        .flatMap(line -> pieces(line.text(), tokenizer).stream())
        .toList();
  }

  /** What no adapter may change. */
  public static Protection protection(Path folder, Tokenizer tokenizer) throws IOException {
    List<Canary> canaries = new ArrayList<>();
    for (Line line : lines(folder, CANARIES)) {
      String name = line.domain() + " " + canaries.size();
      canaries.add(new Canary(name, tokenizer.encode(line.text())));
    }
    SortedMap<String, List<String>> judging = new TreeMap<>();
    documents(folder)
        .forEach(
            (domain, set) -> judging.put(domain, texts(set.subList(0, set.size() - apart(set)))));
    return new Protection(sets(judging, tokenizer), List.copyOf(canaries));
  }

  /** Token sequences to protect, by domain; the gate judges by those of {@link #protection}. */
  public static List<ProtectedSet> protectedSets(Path folder, Tokenizer tokenizer)
      throws IOException {
    SortedMap<String, List<String>> all = new TreeMap<>();
    documents(folder).forEach((domain, set) -> all.put(domain, texts(set)));
    return sets(all, tokenizer);
  }

  /**
   * By domain, the protected texts that judge no candidate, for what an adapter costs to be
   * measured on others than it was held to: of the last documents those with a quarter of the texts
   * at most, and of four or more one at least. Where there is none it is the last one, which judges
   * as well.
   */
  public static SortedMap<String, List<String>> measuring(Path folder) throws IOException {
    SortedMap<String, List<String>> measuring = new TreeMap<>();
    documents(folder)
        .forEach(
            (domain, set) ->
                measuring.put(
                    domain, texts(set.subList(set.size() - Math.max(1, apart(set)), set.size()))));
    return measuring;
  }

  /** How many documents, the last, judge nothing: none lies on both sides. */
  private static int apart(List<List<String>> documents) {
    int left = texts(documents).size() / 4;
    int apart = 0;
    while (left >= documents.get(documents.size() - 1 - apart).size()) {
      left -= documents.get(documents.size() - 1 - apart).size();
      apart++;
    }
    return documents.size() < 4 ? apart : Math.max(1, apart);
  }

  private static List<String> texts(List<List<String>> documents) {
    return documents.stream().flatMap(List::stream).toList();
  }

  /** By domain the protected texts of each document, in the order of their first lines. */
  private static SortedMap<String, List<List<String>>> documents(Path folder) throws IOException {
    SortedMap<String, Map<Object, List<String>>> sets = new TreeMap<>();
    for (Line line : lines(folder, PROTECTED)) {
      Object document = line.document() == null ? new Object() : line.document();
      sets.computeIfAbsent(line.domain(), d -> new LinkedHashMap<>())
          .computeIfAbsent(document, d -> new ArrayList<>())
          .add(line.text());
    }
    SortedMap<String, List<List<String>>> documents = new TreeMap<>();
    sets.forEach((domain, set) -> documents.put(domain, List.copyOf(set.values())));
    return documents;
  }

  private static List<ProtectedSet> sets(Map<String, List<String>> texts, Tokenizer tokenizer) {
    return texts.entrySet().stream()
        .map(
            set -> {
              List<List<int[]>> cut =
                  set.getValue().stream().map(text -> pieces(text, tokenizer)).toList();
              return new ProtectedSet(set.getKey(), InTurns.of(cut));
            })
        .toList();
  }

  /** Each a sequence of its own, behind a BOS if there is one. */
  private static List<int[]> pieces(String text, Tokenizer tokenizer) {
    int[] tokens = tokenizer.encodeBehind(text);
    List<int[]> pieces = new ArrayList<>();
    for (int from = 0; from + SHORTEST_PIECE <= tokens.length; from += PIECE) {
      IntStream piece = Arrays.stream(tokens, from, Math.min(tokens.length, from + PIECE));
      pieces.add(IntStream.concat(Arrays.stream(tokenizer.bos()), piece).toArray());
    }
    return pieces;
  }
}
