package dev.millrace.job.corpus;

import dev.millrace.model.text.Tokenizer;
import java.util.Arrays;
import java.util.List;

/** Texts as one stream of tokens to train a base on. */
public final class TokenStream {

  /** The token that every text begins after: id 0. */
  private static final int END_OF_TEXT = 0;

  private TokenStream() {}

  /** Each text's tokens behind an end of text, end to end. */
  public static int[] of(List<String> texts, Tokenizer tokenizer) {
    return texts.stream()
        .map(text -> withEnd(tokenizer.encode(text)))
        .flatMapToInt(Arrays::stream)
        .toArray();
  }

  private static int[] withEnd(int[] tokens) {
    int[] all = new int[tokens.length + 1];
    all[0] = END_OF_TEXT;
    System.arraycopy(tokens, 0, all, 1, tokens.length);
    return all;
  }
}
