package dev.millrace.model.text;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;

/** Text to token ids and back; any bytes round-trip. Safe for use by several threads. */
public interface Tokenizer extends AutoCloseable {

  /** Token ids of a text as a sequence of its own: behind its BOS, no other special tokens. */
  int[] encode(String text);

  /** What every sequence begins with, as HuggingFace's tokenizer has it: a BOS, or nothing. */
  default int[] bos() {
    return new int[0];
  }

  /** Token ids of a text that something else stands before. */
  default int[] encodeBehind(String text) {
    int[] tokens = encode(text);
    return Arrays.copyOfRange(tokens, bos().length, tokens.length);
  }

  /** The text of token ids; a BOS that they begin with is none of it. */
  String decode(int[] tokens);

  /** The text of token ids that something else stands before. */
  default String decodeBehind(int[] tokens) {
    return decode(tokens);
  }

  /** A token's part of a text in UTF-8, behind others; a character may lie in several tokens. */
  default byte[] bytes(int token) {
    return decodeBehind(new int[] {token}).getBytes(UTF_8);
  }

  @Override
  void close();
}
