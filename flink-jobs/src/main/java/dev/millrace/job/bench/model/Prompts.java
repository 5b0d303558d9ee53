package dev.millrace.job.bench.model;

import dev.millrace.job.BaseTexts;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * The beginnings of texts.
 *
 * @param tokens the same by nano's tokenizer
 * @param newTokens how many each gets more
 */
record Prompts(List<String> texts, List<int[]> tokens, int newTokens) {

  private static final int PROMPT_TOKENS = 8;

  /** So many, drawn from the texts that nano is judged by. */
  static Prompts draw(Path nano, int count, int newTokens, long seed) throws IOException {
    try (Tokenizer tokenizer = Tokenizers.open(nano)) {
      List<String> texts = new ArrayList<>();
      for (BaseTexts.Line line : BaseTexts.lines(nano, BaseTexts.PROTECTED)) {
        String start = start(tokenizer, line.text());
        if (tokenizer.encode(start).length == PROMPT_TOKENS && !texts.contains(start)) {
          texts.add(start);
        }
      }
      if (texts.size() < count) {
        throw new IllegalArgumentException(
            texts.size() + " texts in " + nano + ", expected at least " + count);
      }
      Collections.shuffle(texts, new Random(seed));
      List<String> drawn = List.copyOf(texts.subList(0, count));
      return new Prompts(drawn, drawn.stream().map(tokenizer::encode).toList(), newTokens);
    }
  }

  private static String start(Tokenizer tokenizer, String text) {
    int[] tokens = tokenizer.encode(text);
    return tokenizer.decode(Arrays.copyOf(tokens, Math.min(PROMPT_TOKENS, tokens.length)));
  }

  /** So many at a time, the last group fewer if they do not divide evenly. */
  List<Prompts> groups(int streams) {
    List<Prompts> groups = new ArrayList<>();
    for (int from = 0; from < texts.size(); from += streams) {
      int to = Math.min(from + streams, texts.size());
      groups.add(new Prompts(texts.subList(from, to), tokens.subList(from, to), newTokens));
    }
    return groups;
  }

  double totalTokens() {
    return (double) texts.size() * newTokens;
  }
}
