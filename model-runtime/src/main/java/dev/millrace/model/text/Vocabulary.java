package dev.millrace.model.text;

import dev.millrace.model.config.JsonFields;
import java.util.List;

/**
 * What tokenizer.json says of its tokens.
 *
 * @param size the largest id plus one
 * @param special the contents of the special tokens
 */
record Vocabulary(int size, List<String> special) {

  static Vocabulary parse(byte[] tokenizerJson) {
    JsonFields json = JsonFields.parse("tokenizer.json", tokenizerJson);
    JsonFields model = json.object("model");
    if (!model.text("type").equals("BPE")) {
      throw model.invalid("type", "BPE, other kinds are not supported");
    }
    JsonFields vocab = model.object("vocab");
    int largest = -1;
    for (String token : vocab.names()) {
      largest = Math.max(largest, id(vocab, token));
    }
    List<JsonFields> added = json.has("added_tokens") ? json.objects("added_tokens") : List.of();
    for (JsonFields token : added) {
      largest = Math.max(largest, id(token, "id"));
    }
    List<String> special =
        added.stream()
            .filter(token -> token.bool("special"))
            .map(token -> token.text("content"))
            .toList();
    return new Vocabulary(largest + 1, special);
  }

  private static int id(JsonFields json, String name) {
    return json.integer(name, 0, Integer.MAX_VALUE - 1);
  }
}
