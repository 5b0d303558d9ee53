package dev.millrace.job.corpus;

import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Texts as one stream of tokens to train a base on. */
public final class TokenStream {

  /** The end of text of a base that names none: id 0. */
  private static final int END_OF_TEXT = 0;

  private TokenStream() {}

  /**
   * Each text's tokens behind their BOS or, where the tokenizer has none, an end of text of the
   * base, end to end.
   *
   * @param most tokens that are wanted; no text is read in vain
   */
  public static int[] of(List<String> texts, Tokenizer tokenizer, MoeConfig base, long most) {
    List<int[]> parts = new ArrayList<>();
    long size = 0;
    int end = endOfText(base);
    for (int i = 0; i < texts.size() && size < most; i++) {
      int[] tokens = tokenizer.encode(texts.get(i));
      parts.add(tokenizer.bos().length > 0 ? tokens : behind(end, tokens));
      size += parts.get(i).length;
    }
    int[] stream = parts.stream().flatMapToInt(Arrays::stream).toArray();
    return Arrays.copyOf(stream, (int) Math.min(stream.length, most));
  }

  /** The first that its vocabulary has. */
  private static int endOfText(MoeConfig base) {
    return base.eosTokenId().stream()
        .filter(id -> id >= 0 && id < base.vocabSize())
        .findFirst()
        .orElse(END_OF_TEXT);
  }

  private static int[] behind(int end, int[] tokens) {
    int[] all = new int[tokens.length + 1];
    all[0] = end;
    System.arraycopy(tokens, 0, all, 1, tokens.length);
    return all;
  }
}
