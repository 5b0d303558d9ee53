package dev.millrace.model.serve;

/**
 * What the model is asked at most, beside what every request must satisfy.
 *
 * @param contextTokens most tokens of prompt and continuation; the model's own limit holds as well
 * @param callTokens most tokens that go into one call of the model; one request always fits
 */
public record ServeLimits(int contextTokens, int callTokens) {

  public static ServeLimits defaults() {
    return new ServeLimits(4096, 4096);
  }
}
