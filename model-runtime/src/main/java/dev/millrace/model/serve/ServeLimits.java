package dev.millrace.model.serve;

/**
 * What one request may ask for; anything beyond is refused with its value and the limit.
 *
 * @param promptBytes most UTF-8 bytes of a prompt
 * @param contextTokens most tokens of prompt and continuation; the model's own limit holds as well
 * @param newTokens most tokens that GENERATE may add
 * @param callTokens most tokens that go into one call of the model, one prompt always fits
 */
public record ServeLimits(int promptBytes, int contextTokens, int newTokens, int callTokens) {

  public static ServeLimits defaults() {
    return new ServeLimits(64 * 1024, 4096, 512, 4096);
  }
}
