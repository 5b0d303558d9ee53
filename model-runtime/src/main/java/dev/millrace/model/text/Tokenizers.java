package dev.millrace.model.text;

import java.io.IOException;
import java.nio.file.Path;

/** Opens tokenizers. */
public final class Tokenizers {
  private Tokenizers() {}

  /**
   * Opens a BPE, of bytes or with a token for each byte, in HuggingFace's {@code tokenizer.json},
   * without truncation or padding; {@code tokenizer_config.json} beside it may say whether texts
   * begin with a BOS.
   *
   * @throws IOException if a file cannot be read
   * @throws dev.millrace.model.config.InvalidConfigException if it is not such a tokenizer
   */
  public static Tokenizer open(Path tokenizerJson) throws IOException {
    return DjlTokenizer.open(tokenizerJson);
  }

  /** What {@link Tokenizer#bos} of such a tokenizer says. */
  public static int[] bos(Path tokenizerJson) throws IOException {
    return Vocabulary.read(tokenizerJson).bos();
  }
}
