package dev.millrace.model.text;

import dev.millrace.model.config.InvalidConfigException;
import dev.millrace.model.config.JsonFields;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * What tokenizer.json, and tokenizer_config.json beside it, say of its tokens.
 *
 * @param special the contents of the special tokens
 * @param bytes the tokens of one byte each; none without {@code byte_fallback}
 * @param parts the bytes of the tokens that are no text by themselves, by id
 * @param bos what every text begins with
 */
record Vocabulary(List<String> special, ByteTokens bytes, Map<Integer, byte[]> parts, int[] bos) {
  private static final String CONFIG = "tokenizer_config.json";
  private static final String MODEL = "config.json";
  private static final String SIZE = "vocab_size";
  private static final String DROPOUT = "dropout";
  private static final int MOST = Integer.MAX_VALUE;

  /** What a text becomes or begins with must be a token of the model whose folder it is. */
  static Vocabulary read(Path tokenizerJson) throws IOException {
    JsonFields model = beside(tokenizerJson, MODEL);
    return parse(
        JsonFields.parseLarge(Tokenizers.FILE, Files.readAllBytes(tokenizerJson)),
        beside(tokenizerJson, CONFIG),
        model.orElse(SIZE, MOST, fields -> fields.integer(SIZE, 1, MOST)));
  }

  private static JsonFields beside(Path tokenizerJson, String name) throws IOException {
    Path file = tokenizerJson.resolveSibling(name);
    return JsonFields.parse(
        name,
        Files.exists(file) ? Files.readAllBytes(file) : "{}".getBytes(StandardCharsets.UTF_8));
  }

  private static Vocabulary parse(JsonFields json, JsonFields config, int size) {
    JsonFields model = json.object("model");
    if (!model.text("type").equals("BPE")) {
      throw model.invalid("type", "BPE, other kinds are not supported");
    }
    if (model.orElse(DROPOUT, 0.0, fields -> fields.number(DROPOUT, 0, 1)) > 0) {
      throw model.invalid(DROPOUT, "null or 0: the same text must have the same tokens");
    }
    List<JsonFields> added = json.has("added_tokens") ? json.objects("added_tokens") : List.of();
    List<String> special =
        added.stream()
            .filter(token -> token.bool("special"))
            .map(token -> token.text("content"))
            .toList();
    Set<String> never = Set.copyOf(special);
    JsonFields vocab = model.object("vocab");
    Map<String, Integer> ids = new HashMap<>();
    for (String token : vocab.names()) {
      ids.put(token, id(vocab, token, never.contains(token) ? MOST : size));
    }
    Map<String, Integer> merged = new HashMap<>(ids);
    for (JsonFields token : added) {
      String content = token.text("content");
      merged.remove(content); // it is written as it is
      ids.put(content, id(token, "id", never.contains(content) ? MOST : size));
    }
    int[] bos = Bos.read(json, config, token -> ids.getOrDefault(token, -1));
    if (IntStream.of(bos).anyMatch(token -> token >= size)) {
      throw new InvalidConfigException(
          "tokenizer.json: texts begin with %s, expected tokens below %s %d"
              .formatted(Arrays.toString(bos), SIZE, size));
    }
    boolean ofBytes = model.has("byte_fallback") && model.bool("byte_fallback");
    ByteTokens bytes = ByteTokens.of(ofBytes ? ids : Map.of());
    Map<Integer, byte[]> parts = ByteLevel.isOf(json) ? ByteLevel.parts(merged) : bytes.parts();
    return new Vocabulary(special, bytes, parts, bos);
  }

  private static int id(JsonFields json, String name, int size) {
    return json.integer(name, 0, size - 1);
  }
}
