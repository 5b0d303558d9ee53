package dev.millrace.model.base;

/**
 * Tokens of answers that were guessed, and computed in the step of those before them.
 *
 * @param accepted those that were guessed right, and took no step of their own
 */
public record Drafts(long drafted, long accepted) {

  public static final Drafts NONE = new Drafts(0, 0);

  public Drafts plus(Drafts other) {
    return new Drafts(drafted + other.drafted, accepted + other.accepted);
  }
}
