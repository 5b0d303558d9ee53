package dev.millrace.job;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.adapter.gate.ProtectedSet;
import dev.millrace.model.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The texts that a base folder carries beside its weights, one {@code {"domain", "text"}} a line:
 * what is trained beside every batch, and what no adapter may spoil. A base without such files has
 * none.
 */
public final class BaseTexts {

  /** Trained beside every batch. */
  public static final String ANCHORS = "anchors.jsonl";

  /** Judges every candidate; shares no document with the anchors. */
  public static final String PROTECTED = "protected.jsonl";

  /** Longest sequence in tokens; the rest of a text is left out. */
  public static final int MAX_TOKENS = 256;

  private BaseTexts() {}

  /** One line of a file. */
  public record Line(String domain, String text) {}

  /** The lines of a file of the folder, in order. */
  public static List<Line> lines(Path folder, String file) throws IOException {
    Path path = folder.resolve(file);
    if (!Files.exists(path)) {
      return List.of();
    }
    ObjectMapper mapper = new ObjectMapper();
    List<Line> lines = new ArrayList<>();
    for (String json : Files.readAllLines(path)) {
      JsonNode node = mapper.readTree(json);
      lines.add(new Line(node.required("domain").asText(), node.required("text").asText()));
    }
    return lines;
  }

  /** Token sequences to train beside every batch. */
  public static List<int[]> anchors(Path folder, Tokenizer tokenizer) throws IOException {
    return lines(folder, ANCHORS).stream().map(line -> encode(tokenizer, line)).toList();
  }

  /** Token sequences to protect, by domain. */
  public static List<ProtectedSet> protectedSets(Path folder, Tokenizer tokenizer)
      throws IOException {
    Map<String, List<int[]>> sets = new TreeMap<>();
    for (Line line : lines(folder, PROTECTED)) {
      sets.computeIfAbsent(line.domain(), d -> new ArrayList<>()).add(encode(tokenizer, line));
    }
    return sets.entrySet().stream()
        .map(set -> new ProtectedSet(set.getKey(), set.getValue()))
        .toList();
  }

  private static int[] encode(Tokenizer tokenizer, Line line) {
    int[] tokens = tokenizer.encode(line.text());
    return tokens.length <= MAX_TOKENS ? tokens : Arrays.copyOf(tokens, MAX_TOKENS);
  }
}
