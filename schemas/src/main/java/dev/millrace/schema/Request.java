package dev.millrace.schema;

import org.jspecify.annotations.Nullable;

/**
 * A question to the model.
 *
 * @param tenant the caller; null sees shared domains only
 * @param domain whose adapter answers; null means the base alone
 * @param release a pinned release id; null means the domain's current one
 * @param prompt the text to continue (GENERATE) or to judge (SCORE)
 * @param maxTokens how many tokens GENERATE may add
 * @param temperature 0 is greedy
 * @param cached false asks for a fresh computation
 * @param eventTimeMillis when it was asked, epoch milliseconds
 */
public record Request(
    String id,
    @Nullable String tenant,
    @Nullable String domain,
    @Nullable String release,
    Task task,
    String prompt,
    int maxTokens,
    double temperature,
    long seed,
    boolean cached,
    long eventTimeMillis,
    Origin origin) {

  /** What is asked for. */
  public enum Task {
    GENERATE,
    SCORE,
    EMBED
  }
}
