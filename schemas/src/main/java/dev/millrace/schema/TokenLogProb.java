package dev.millrace.schema;

import java.util.Arrays;

/**
 * A token that was added to a prompt, and how likely the model found it.
 *
 * @param bytes (n): UTF-8; a character may lie in several tokens
 * @param logProb log p of the token, nats, before temperature and selection
 */
public record TokenLogProb(byte[] bytes, float logProb) {

  @Override
  public boolean equals(Object other) {
    return other instanceof TokenLogProb token
        && Float.compare(logProb, token.logProb) == 0
        && Arrays.equals(bytes, token.bytes);
  }

  @Override
  public int hashCode() {
    return 31 * Float.hashCode(logProb) + Arrays.hashCode(bytes);
  }
}
