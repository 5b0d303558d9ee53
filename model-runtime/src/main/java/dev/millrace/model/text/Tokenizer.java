package dev.millrace.model.text;

/** Text to token ids and back; any bytes round-trip. Safe for use by several threads. */
public interface Tokenizer extends AutoCloseable {

  /** Token ids of a text, without special tokens. */
  int[] encode(String text);

  /** The text of token ids. */
  String decode(int[] tokens);

  int vocabSize();

  @Override
  void close();
}
