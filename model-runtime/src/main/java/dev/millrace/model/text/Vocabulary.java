package dev.millrace.model.text;

import dev.millrace.model.config.JsonFields;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What tokenizer.json, and tokenizer_config.json beside it, say of its tokens.
 *
 * @param special the contents of the special tokens
 * @param bytes the tokens of one byte each; none without {@code byte_fallback}
 * @param bos what every text begins with
 */
record Vocabulary(List<String> special, ByteTokens bytes, int[] bos) {
  private static final String CONFIG = "tokenizer_config.json";

  static Vocabulary read(Path tokenizerJson) throws IOException {
    Path config = tokenizerJson.resolveSibling(CONFIG);
    return parse(
        Files.readAllBytes(tokenizerJson),
        Files.exists(config) ? Files.readAllBytes(config) : "{}".getBytes(StandardCharsets.UTF_8));
  }

  private static Vocabulary parse(byte[] tokenizerJson, byte[] configJson) {
    JsonFields json = JsonFields.parse("tokenizer.json", tokenizerJson);
    JsonFields model = json.object("model");
    if (!model.text("type").equals("BPE")) {
      throw model.invalid("type", "BPE, other kinds are not supported");
    }
    JsonFields vocab = model.object("vocab");
    Map<String, Integer> ids = new HashMap<>();
    for (String token : vocab.names()) {
      ids.put(token, id(vocab, token));
    }
    List<JsonFields> added = json.has("added_tokens") ? json.objects("added_tokens") : List.of();
    for (JsonFields token : added) {
      ids.put(token.text("content"), id(token, "id"));
    }
    List<String> special =
        added.stream()
            .filter(token -> token.bool("special"))
            .map(token -> token.text("content"))
            .toList();
    JsonFields config = JsonFields.parse(CONFIG, configJson);
    int[] bos = Bos.read(json, config, token -> ids.getOrDefault(token, -1));
    boolean ofBytes = model.has("byte_fallback") && model.bool("byte_fallback");
    return new Vocabulary(special, ByteTokens.of(ofBytes ? ids : Map.of()), bos);
  }

  private static int id(JsonFields json, String name) {
    return json.integer(name, 0, Integer.MAX_VALUE - 1);
  }
}
