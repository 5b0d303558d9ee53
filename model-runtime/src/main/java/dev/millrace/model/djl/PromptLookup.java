package dev.millrace.model.djl;

import dev.millrace.model.base.Prompt;
import java.util.Arrays;

/**
 * Guesses how an answer goes on: as it did where its last tokens stood before, in its prompt or
 * itself (prompt lookup decoding, Saxena 2023). The longer what is repeated, the more is guessed.
 */
final class PromptLookup implements Drafter {

  /** Tokens of a guess. */
  private static final int MOST = 15;

  /** Tokens that must have stood before. */
  private static final int SHORTEST = 3;

  /**
   * Tokens of the answer that pay for a wrong guess, as each right one does. A guess costs two
   * fifths of a step at most, so an answer that always guesses wrong takes 3 % longer.
   */
  private static final int PRICE = 14;

  private static final int[] NOTHING = {};

  private final int prompt;
  private final int[] tokens;
  private int length;
  private int drafted;
  private int accepted;

  PromptLookup(Prompt prompt) {
    this.prompt = prompt.tokens().length;
    this.tokens = Arrays.copyOf(prompt.tokens(), this.prompt + prompt.maxTokens());
    this.length = this.prompt;
  }

  @Override
  public void add(int token) {
    tokens[length++] = token;
  }

  @Override
  public void accept() {
    accepted++;
  }

  @Override
  public int[] draft() {
    int paid = (length - prompt) / PRICE + 2 * accepted - drafted;
    int most = Math.min(Math.min(MOST, paid), tokens.length - length - 1);
    if (most < 1) {
      return NOTHING;
    }
    int next = length;
    int longest = SHORTEST - 1;
    for (int at = length - 1; at > 0 && longest <= MOST; at--) {
      int repeated = repeated(at);
      if (repeated > longest) {
        longest = repeated;
        next = at;
      }
    }
    return next == length ? NOTHING : draft(next, Math.min(most, longest - 1));
  }

  /** How many tokens before a place are those at the end, as far as it matters. */
  private int repeated(int at) {
    int n = 0;
    while (n < at && n <= MOST && tokens[at - 1 - n] == tokens[length - 1 - n]) {
      n++;
    }
    return n;
  }

  /** What follows from a place on; where the tokens end, the guess follows itself. */
  private int[] draft(int from, int n) {
    int[] draft = new int[n];
    for (int i = 0; i < n; i++) {
      draft[i] = from + i < length ? tokens[from + i] : draft[from + i - length];
    }
    drafted += n;
    return draft;
  }
}
