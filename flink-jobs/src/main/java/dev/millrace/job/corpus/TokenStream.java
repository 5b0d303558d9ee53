package dev.millrace.job.corpus;

import dev.millrace.model.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Texts as one stream of tokens to train a base on. */
public final class TokenStream {

  /** The token that every text begins after where the tokenizer has no BOS: id 0. */
  private static final int END_OF_TEXT = 0;

  private TokenStream() {}

  /**
   * Each text's tokens behind their BOS or an end of text, end to end.
   *
   * @param most tokens that are wanted; no text is read in vain
   */
  public static int[] of(List<String> texts, Tokenizer tokenizer, int most) {
    List<int[]> parts = new ArrayList<>();
    long size = 0;
    for (int i = 0; i < texts.size() && size < most; i++) {
      int[] tokens = tokenizer.encode(texts.get(i));
      parts.add(tokenizer.bos().length > 0 ? tokens : withEnd(tokens));
      size += parts.get(i).length;
    }
    int[] stream = parts.stream().flatMapToInt(Arrays::stream).toArray();
    return Arrays.copyOf(stream, Math.min(stream.length, most));
  }

  private static int[] withEnd(int[] tokens) {
    int[] all = new int[tokens.length + 1];
    all[0] = END_OF_TEXT;
    System.arraycopy(tokens, 0, all, 1, tokens.length);
    return all;
  }
}
