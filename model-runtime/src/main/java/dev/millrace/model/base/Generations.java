package dev.millrace.model.base;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Runs prompts to their ends, as many at a time as the cache has room for. */
final class Generations {

  /** Tokens that the cache holds; more if one prompt and its answer are longer. */
  private static final int SLOTS = 8192;

  private Generations() {}

  static List<Generation> of(BaseModel base, List<Prompt> prompts, Runnable before) {
    int[][] tokens = prompts.stream().map(p -> new int[p.maxTokens()]).toArray(int[][]::new);
    float[][] logProbs =
        prompts.stream().map(p -> new float[p.maxTokens()]).toArray(float[][]::new);
    int[] done = new int[prompts.size()];
    try (Decoding decoding = base.decoding(room(prompts))) {
      int next = 0;
      while (next < prompts.size() || decoding.running() > 0) {
        while (next < prompts.size() && decoding.admit(next, prompts.get(next))) {
          next++;
        }
        for (Decoding.Token token : decoding.step()) {
          before.run();
          int i = (int) token.id();
          tokens[i][done[i]] = token.token();
          logProbs[i][done[i]++] = token.logProb();
        }
      }
    }
    List<Generation> generations = new ArrayList<>();
    for (int i = 0; i < tokens.length; i++) {
      generations.add(
          new Generation(Arrays.copyOf(tokens[i], done[i]), Arrays.copyOf(logProbs[i], done[i])));
    }
    return generations;
  }

  private static int room(List<Prompt> prompts) {
    int longest = 0;
    int all = 0;
    for (Prompt prompt : prompts) {
      int length = prompt.length() + Decoding.BLOCK - 1;
      longest = Math.max(longest, length);
      all = Math.addExact(all, length);
    }
    return Math.max(longest, Math.min(all, SLOTS));
  }
}
