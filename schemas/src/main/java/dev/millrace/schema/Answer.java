package dev.millrace.schema;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The reply to one request.
 *
 * @param request the request's id
 * @param requestOrigin where the request was read
 * @param domain the domain that was asked for; for {@link Request#AUTO}, and where a release alone
 *     was asked for, that of the release that answered, null if the base alone did
 * @param error why there is no answer; null if there is one
 * @param text what GENERATE added to the prompt before a stop text, else empty
 * @param logProb sum of log-probabilities, nats: of the prompt but its first token (SCORE), of what
 *     was added (GENERATE)
 * @param tokens how many tokens logProb sums over
 * @param bytes UTF-8 bytes of the prompt
 * @param embedding what EMBED asked for, else empty
 * @param release the release that answered; null if the base alone did
 * @param base the base model's id
 * @param learnedTo per partition, the last sample that the release has learned
 * @param from where the answer came from
 * @param subtask the serving subtask
 * @param releaseReadMillis when that subtask read the release's event, epoch milliseconds; 0 for
 *     the base
 * @param answeredMillis when the answer was ready, epoch milliseconds
 * @param similarity cosine of this question and of the similar one whose answer this is; 0 if it is
 *     this question's own
 * @param stopped true if what was added ends with a token that ends a text, or before a stop text
 * @param promptTokens how many tokens the model read before it answered, media in front of the
 *     prompt among them; 0 without an answer
 * @param logProbs the tokens that logProb sums over, of a GENERATE that asked for them, else empty
 */
public record Answer(
    String request,
    Origin requestOrigin,
    @Nullable String tenant,
    @Nullable String domain,
    Request.Task task,
    @Nullable String error,
    String text,
    double logProb,
    int tokens,
    int bytes,
    float[] embedding,
    @Nullable String release,
    String base,
    List<Origin> learnedTo,
    From from,
    int subtask,
    long releaseReadMillis,
    long answeredMillis,
    double similarity,
    boolean stopped,
    int promptTokens,
    List<TokenLogProb> logProbs) {

  /** In place of a {@link From}: a similar question's. */
  private static final String SEMANTIC = "SEMANTIC";

  /** What people are told of where the answer came from: a similar question's is called so. */
  public String source() {
    return similarity > 0 ? SEMANTIC : from.name();
  }

  /** Where an answer was found. */
  public enum From {
    MODEL,
    L1,
    REDIS,
    NONE
  }
}
