package dev.millrace.model.text;

import java.io.IOException;
import java.nio.file.Path;

/** Opens tokenizers. */
public final class Tokenizers {

  /** The file of a base's folder that is its tokenizer. */
  public static final String FILE = "tokenizer.json";

  private Tokenizers() {}

  /**
   * Opens a folder's BPE, of bytes or with a token for each byte, in HuggingFace's form, without
   * truncation or padding; {@code tokenizer_config.json} beside it may say whether texts begin with
   * a BOS.
   *
   * @throws IOException if a file cannot be read
   * @throws dev.millrace.model.config.InvalidConfigException if it is not such a tokenizer
   */
  public static Tokenizer open(Path folder) throws IOException {
    return DjlTokenizer.open(folder.resolve(FILE));
  }

  /** What {@link Tokenizer#bos} of such a tokenizer says. */
  public static int[] bos(Path folder) throws IOException {
    return Vocabulary.read(folder.resolve(FILE)).bos();
  }
}
