package dev.millrace.model.base;

import java.util.List;

/**
 * A running batch of answers that prompts join and leave between any two tokens (continuous
 * batching, Orca, OSDI 2022). For one thread at a time. An answer does not depend on what else is
 * in the batch.
 */
public interface Decoding extends AutoCloseable {

  /** Room is given in blocks of so many tokens, so that what one answer leaves fits the next. */
  int BLOCK = 32;

  /**
   * One more token of an answer.
   *
   * @param logProb log p of the token, nats, before temperature and selection
   * @param last the answer is complete and has left the batch
   */
  record Token(long id, int token, float logProb, boolean last) {}

  /**
   * Lets a prompt join, if the cache has room for all of it and its answer now.
   *
   * @param id names the answer among those in the batch
   * @return false if there is no room before others leave
   * @throws IllegalArgumentException if it would never fit
   */
  boolean admit(long id, Prompt prompt);

  /** Answers in the batch. */
  int running();

  /**
   * Computes the next token of each answer, or several where what follows is guessed right; those
   * whose prompt is still being read have none. Tokens of one answer come one after the other.
   */
  List<Token> step();

  /** What was guessed since the batch was opened. */
  default Drafts drafts() {
    return Drafts.NONE;
  }

  /** Takes an answer out of the batch; its room is free at once. Unknown ids are ignored. */
  void cancel(long id);

  /** Takes all out and frees the cache. */
  @Override
  void close();
}
