package dev.millrace.model.cache;

import dev.millrace.schema.TokenLogProb;
import java.util.List;

/**
 * The part of an answer that the model computed.
 *
 * @param text what was generated, else empty
 * @param logProb nats
 * @param tokens how many tokens logProb sums over
 * @param embedding what was embedded, else empty
 * @param stopped true if the text ends with a token that ends it, or before a stop text
 * @param promptTokens how many tokens the model read before
 * @param logProbs those tokens, if whoever asked wants them, else empty
 */
public record CachedAnswer(
    String text,
    double logProb,
    int tokens,
    float[] embedding,
    boolean stopped,
    int promptTokens,
    List<TokenLogProb> logProbs) {

  /** Of which nothing was to end. */
  public CachedAnswer(String text, double logProb, int tokens, float[] embedding) {
    this(text, logProb, tokens, embedding, false, 0, List.of());
  }

  /** The same to a prompt of so many tokens. */
  public CachedAnswer to(int promptTokens) {
    return new CachedAnswer(text, logProb, tokens, embedding, stopped, promptTokens, logProbs);
  }
}
