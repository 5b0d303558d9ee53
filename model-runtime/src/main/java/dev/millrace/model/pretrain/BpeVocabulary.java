package dev.millrace.model.pretrain;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A byte-level BPE vocabulary.
 *
 * @param special tokens that no text makes; they have the first ids
 * @param tokens all tokens in the order of their ids: special, the 256 bytes, then what merges make
 * @param merges the pairs to merge, the most frequent first
 */
public record BpeVocabulary(List<String> special, List<String> tokens, List<Merge> merges) {

  /** Two tokens, in the byte-level alphabet, that become one. */
  public record Merge(String left, String right) {}

  public BpeVocabulary {
    special = List.copyOf(special);
    tokens = List.copyOf(tokens);
    merges = List.copyOf(merges);
  }

  /** Writes a {@code tokenizer.json} of HuggingFace tokenizers. */
  public void write(Path file) throws IOException {
    Files.write(
        file, new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(json()));
  }

  private ObjectNode json() {
    ObjectNode root = new ObjectMapper().createObjectNode();
    root.put("version", "1.0").putNull("truncation").putNull("padding");
    ArrayNode added = root.putArray("added_tokens");
    for (int id = 0; id < special.size(); id++) {
      ObjectNode token = added.addObject().put("id", id).put("content", special.get(id));
      for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
        token.put(flag, false);
      }
      token.put("special", true);
    }
    root.putNull("normalizer");
    root.set("pre_tokenizer", byteLevel());
    root.putNull("post_processor");
    root.set("decoder", byteLevel());
    root.set("model", model());
    return root;
  }

  private static ObjectNode byteLevel() {
    return new ObjectMapper()
        .createObjectNode()
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", true);
  }

  private ObjectNode model() {
    ObjectNode model = new ObjectMapper().createObjectNode().put("type", "BPE");
    for (String unused :
        List.of("dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix")) {
      model.putNull(unused);
    }
    model.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", false);
    ObjectNode vocab = model.putObject("vocab");
    for (int id = 0; id < tokens.size(); id++) {
      vocab.put(tokens.get(id), id);
    }
    ArrayNode pairs = model.putArray("merges");
    merges.forEach(merge -> pairs.add(merge.left() + " " + merge.right()));
    return model;
  }
}
