package dev.millrace.model.serve;

/**
 * What the model is asked at most, beside what every request must satisfy.
 *
 * @param contextTokens most tokens of prompt and continuation; the model's own limit holds as well
 * @param callTokens most tokens that go into one call that scores or embeds; one request always
 *     fits
 * @param batchTokens tokens that the running batch holds, prompts and continuations together
 */
public record ServeLimits(int contextTokens, int callTokens, int batchTokens) {

  public static ServeLimits defaults() {
    return new ServeLimits(4096, 640, 4096);
  }
}
