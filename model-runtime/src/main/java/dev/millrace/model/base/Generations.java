package dev.millrace.model.base;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Runs prompts to their ends, as many at a time as the cache has room for. */
public final class Generations {

  private static final int SLOTS = 8192;

  private Generations() {}

  /** Is told every token of the answers, each answer's in order. */
  @FunctionalInterface
  public interface Reader {
    /**
     * Takes a token, and says whether the answer goes on; if not, it leaves the batch at once.
     *
     * @param prompt its place in the list
     */
    boolean read(int prompt, Decoding.Token token);
  }

  /**
   * Runs prompts until each has its tokens, or its reader had enough.
   *
   * @param slots tokens that the cache holds, prompts and answers together; more if one prompt and
   *     its answer are longer
   */
  public static void run(BaseModel base, List<Prompt> prompts, int slots, Reader reader) {
    try (Decoding decoding = base.decoding(room(prompts, slots))) {
      int next = 0;
      while (next < prompts.size() || decoding.running() > 0) {
        while (next < prompts.size() && decoding.admit(next, prompts.get(next))) {
          next++;
        }
        read(decoding, reader);
      }
    }
  }

  private static void read(Decoding decoding, Reader reader) {
    long left = -1;
    for (Decoding.Token token : decoding.step()) {
      if (token.id() != left && !reader.read((int) token.id(), token)) {
        left = token.id();
        decoding.cancel(left);
      }
    }
  }

  private static int room(List<Prompt> prompts, int slots) {
    int longest = 0;
    int all = 0;
    for (Prompt prompt : prompts) {
      int length = prompt.length() + Decoding.BLOCK - 1;
      longest = Math.max(longest, length);
      all = Math.addExact(all, length);
    }
    return Math.max(longest, Math.min(all, slots));
  }

  static List<Generation> of(BaseModel base, List<Prompt> prompts, Runnable before) {
    int[][] tokens = prompts.stream().map(p -> new int[p.maxTokens()]).toArray(int[][]::new);
    float[][] logProbs =
        prompts.stream().map(p -> new float[p.maxTokens()]).toArray(float[][]::new);
    int[] done = new int[prompts.size()];
    run(
        base,
        prompts,
        SLOTS,
        (i, token) -> {
          before.run();
          tokens[i][done[i]] = token.token();
          logProbs[i][done[i]++] = token.logProb();
          return true;
        });
    List<Generation> generations = new ArrayList<>();
    for (int i = 0; i < tokens.length; i++) {
      generations.add(
          new Generation(Arrays.copyOf(tokens[i], done[i]), Arrays.copyOf(logProbs[i], done[i])));
    }
    return generations;
  }
}
