package dev.millrace.model.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.model.config.InvalidConfigException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * A byte-level BPE as llama.cpp wants it.
 *
 * @param pre llama.cpp's name for how text is cut into words
 * @param tokens by id, in GPT-2's letters for bytes
 * @param types by id: 1 ordinary, 3 control, 4 added, 5 unused
 * @param merges pairs with a blank between, best first
 * @param ends the tokens that end a text, each by itself; at least one
 */
record BpeTables(
    String pre, List<String> tokens, List<Integer> types, List<String> merges, List<Integer> ends) {

  private static final int ORDINARY = 1;
  private static final int CONTROL = 3;
  private static final int ADDED = 4;
  private static final int UNUSED = 5;

  private static final String WHOLE_WORDS = "ignore_merges";
  private static final String LLAMA3 = "llama-bpe";

  /** What cuts as Llama 3 does to llama.cpp, and merges words that are tokens. */
  private static final String LLAMA3_MERGING = "dbrx";

  /** The regular expressions that llama.cpp knows under a name. */
  private static final Map<String, String> SPLITS =
      Map.of(
          "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
          "qwen2",
          "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
          LLAMA3);

  /**
   * Reads tokenizer.json.
   *
   * @param eos what ends a text; may be none
   * @param size of the model's vocabulary: ids without a token become unused ones
   */
  static BpeTables parse(byte[] tokenizerJson, List<Integer> eos, int size) throws IOException {
    JsonNode json = new ObjectMapper().readTree(tokenizerJson);
    if (!json.path("model").path("type").asText().equals("BPE")) {
      throw invalid("model.type", json.path("model").path("type"), "BPE");
    }
    requireTextsAsTheyAre(json);
    List<String> tokens = new ArrayList<>(Collections.nCopies(size, ""));
    List<Integer> types = new ArrayList<>(Collections.nCopies(size, UNUSED));
    for (Map.Entry<String, JsonNode> entry : json.path("model").path("vocab").properties()) {
      set(tokens, types, entry.getValue(), entry.getKey(), ORDINARY);
    }
    for (JsonNode added : json.path("added_tokens")) {
      int type = added.path("special").asBoolean() ? CONTROL : ADDED;
      set(tokens, types, added.path("id"), added.path("content").asText(), type);
    }
    for (int id = 0; id < size; id++) {
      if (types.get(id) == UNUSED) {
        tokens.set(id, "[PAD" + id + "]");
      }
    }
    List<Integer> ends = ends(eos, tokens, types);
    return new BpeTables(pre(json), tokens, types, merges(json), ends);
  }

  private static void set(
      List<String> tokens, List<Integer> types, JsonNode id, String token, int type) {
    if (!id.isInt() || id.intValue() < 0 || id.intValue() >= tokens.size()) {
      throw invalid("the id of " + token, id, "one below vocab_size " + tokens.size());
    }
    tokens.set(id.intValue(), token);
    types.set(id.intValue(), type);
  }

  /** Pairs are "a b" in older files and ["a", "b"] in newer ones. */
  private static List<String> merges(JsonNode json) {
    List<String> merges = new ArrayList<>();
    for (JsonNode merge : json.path("model").path("merges")) {
      merges.add(
          merge.isArray() ? merge.path(0).asText() + " " + merge.path(1).asText() : merge.asText());
    }
    return merges;
  }

  /** llama.cpp changes nothing before it cuts; that NFC composes what is not composed is let be. */
  private static void requireTextsAsTheyAre(JsonNode json) {
    JsonNode normalizer = json.path("normalizer");
    if (!isLetBe(normalizer)) {
      throw invalid("normalizer", normalizer, "none or NFC");
    }
    for (JsonNode adds : json.path("pre_tokenizer").findValues("add_prefix_space")) {
      if (adds.asBoolean()) {
        throw invalid("pre_tokenizer.add_prefix_space", adds, "false");
      }
    }
  }

  private static boolean isLetBe(JsonNode normalizer) {
    if (normalizer.path("type").asText().equals("Sequence")) {
      return normalizer.path("normalizers").valueStream().allMatch(BpeTables::isLetBe);
    }
    return !normalizer.isObject() || normalizer.path("type").asText().equals("NFC");
  }

  /** llama.cpp takes words that are tokens whole by the name of how it cuts, and by that alone. */
  private static String pre(JsonNode json) {
    String pre = split(json.path("pre_tokenizer"));
    JsonNode whole = json.path("model").path(WHOLE_WORDS);
    if (!whole.asBoolean()) {
      return pre.equals(LLAMA3) ? LLAMA3_MERGING : pre;
    }
    if (!pre.equals(LLAMA3)) {
      throw invalid("model." + WHOLE_WORDS, whole, "false beside the splits of " + pre);
    }
    return pre;
  }

  private static String split(JsonNode pre) {
    if (isByteLevel(pre, true)) {
      return "gpt-2";
    }
    JsonNode steps = pre.path("pretokenizers");
    JsonNode cut = steps.path(0);
    String regex = cut.path("pattern").path("Regex").asText();
    if (steps.size() != 2
        || !isByteLevel(steps.path(1), false)
        || !cut.path("behavior").asText().equals("Isolated")
        || cut.path("invert").asBoolean()
        || !SPLITS.containsKey(regex)) {
      throw invalid("pre_tokenizer", pre, "the splits of GPT-2, Qwen2 or Llama 3, and no others");
    }
    return SPLITS.getOrDefault(regex, "");
  }

  private static boolean isByteLevel(JsonNode step, boolean splits) {
    return step.path("type").asText().equals("ByteLevel")
        && step.path("use_regex").asBoolean(true) == splits;
  }

  /** Those that the vocabulary has; if none, the token that is called so. */
  private static List<Integer> ends(List<Integer> eos, List<String> tokens, List<Integer> types) {
    List<Integer> ends =
        eos.stream().filter(id -> id >= 0 && id < tokens.size()).distinct().toList();
    if (!ends.isEmpty()) {
      return ends;
    }
    int named = tokens.indexOf("<|endoftext|>");
    int end = named >= 0 ? named : types.indexOf(CONTROL);
    if (end < 0) {
      throw new InvalidConfigException(
          "config.json: eos_token_id is " + eos + ", expected one, as no token is special");
    }
    return List.of(end);
  }

  private static InvalidConfigException invalid(String what, JsonNode value, String expected) {
    return new InvalidConfigException(
        "tokenizer.json: " + what + " is " + value + ", expected " + expected);
  }
}
