package dev.millrace.job.bench.serve;

import dev.millrace.job.BaseTexts;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.cache.CacheKeys;
import dev.millrace.model.cache.RemoteTier;
import dev.millrace.model.cache.SemanticTier;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.serve.Responder;
import dev.millrace.model.serve.ServeLimits;
import dev.millrace.model.serve.ServingParts;
import dev.millrace.model.swap.LiveReleases;
import dev.millrace.model.swap.SwapConfig;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Request;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * What answers by nano in this process, but for its releases, and what it is asked.
 *
 * @param text tokens of the texts that nano is judged by, one behind the other
 */
record NanoParts(BaseModel base, Tokenizer tokenizer, AnswerCache cache, int[] text)
    implements AutoCloseable {

  private static final byte[] SECRET = new byte[16];

  static NanoParts open(Path nano) throws IOException {
    BaseModel base = DjlModels.open(nano, Precision.INT8);
    Tokenizer tokenizer = Tokenizers.open(nano);
    int[] text =
        BaseTexts.lines(nano, BaseTexts.PROTECTED).stream()
            .flatMapToInt(line -> Arrays.stream(tokenizer.encode(line.text())))
            .toArray();
    return new NanoParts(base, tokenizer, cache(1 << 20, SemanticTier.none()), text);
  }

  static AnswerCache cache(long bytes, SemanticTier semantic) {
    return AnswerCache.of(bytes, RemoteTier.none(), SECRET, semantic);
  }

  /** A piece of the texts, of so many tokens. */
  String prompt(int tokens, Random random) {
    int from = random.nextInt(text.length - tokens);
    return tokenizer.decode(Arrays.copyOfRange(text, from, from + tokens));
  }

  /** No release: the base alone answers. */
  static LiveReleases noReleases(BaseModel base) {
    return LiveReleases.of(
        base,
        event -> {
          throw new IOException("release " + event.release() + ", expected the base alone");
        },
        SwapConfig.defaults());
  }

  Responder responder(LiveReleases releases) {
    return responder(base, tokenizer, releases, cache);
  }

  static Responder responder(
      BaseModel base, Tokenizer tokenizer, LiveReleases releases, AnswerCache cache) {
    return Responder.of(
        new ServingParts(base, tokenizer, releases, cache, CacheKeys.of(SECRET), Clock.systemUTC()),
        ServeLimits.defaults(),
        0);
  }

  /** What is answered to these requests, to each without an error. */
  static List<Answer> answers(Responder responder, List<Request> requests) {
    List<Answer> answers = responder.respond(requests);
    for (Answer answer : answers) {
      if (answer.error() != null) {
        throw new IllegalStateException(answer.request() + ": " + answer.error());
      }
    }
    return answers;
  }

  @Override
  public void close() {
    cache.close();
    tokenizer.close();
    base.close();
  }
}
