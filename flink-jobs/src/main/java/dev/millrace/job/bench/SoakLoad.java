package dev.millrace.job.bench;

import dev.millrace.job.BaseTexts;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.cache.CacheKeys;
import dev.millrace.model.cache.RemoteTier;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.serve.Responder;
import dev.millrace.model.serve.ServeLimits;
import dev.millrace.model.serve.ServingParts;
import dev.millrace.model.serve.UnknownDomain;
import dev.millrace.model.swap.LiveReleases;
import dev.millrace.model.swap.SwapConfig;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Request;
import dev.millrace.schema.Request.Task;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** The same requests to nano again and again, past the caches. */
final class SoakLoad implements AutoCloseable {

  /** What a request asks most of. */
  enum Kind {
    /** Judges 48 tokens. */
    SCORE(30, 48, 0),
    /** Reads 256 tokens, adds one. */
    PREFILL(10, 256, 1),
    /** Reads 16 tokens, adds 24, drawn among the likeliest. */
    DECODE(10, 16, 24);

    /** Of a lap. */
    private final int requests;

    private final int promptTokens;
    private final int newTokens;

    Kind(int requests, int promptTokens, int newTokens) {
      this.requests = requests;
      this.promptTokens = promptTokens;
      this.newTokens = newTokens;
    }
  }

  /** Requests of all kinds in a lap. */
  static final int LAP = 50;

  private static final byte[] SECRET = new byte[16];

  private final BaseModel base;
  private final Tokenizer tokenizer;
  private final LiveReleases releases;
  private final AnswerCache cache;
  private final Responder responder;
  private final Map<Kind, List<Request>> requests = new EnumMap<>(Kind.class);

  private SoakLoad(Path nano, long seed) throws IOException {
    base = DjlModels.open(nano, Precision.INT8);
    tokenizer = Tokenizers.open(nano.resolve("tokenizer.json"));
    releases =
        LiveReleases.of(
            base,
            event -> {
              throw new IOException("release " + event.release() + ", expected the base alone");
            },
            SwapConfig.defaults());
    cache = AnswerCache.of(1 << 20, RemoteTier.none(), SECRET);
    ServingParts parts =
        new ServingParts(base, tokenizer, releases, cache, CacheKeys.of(SECRET), Clock.systemUTC());
    responder = Responder.of(parts, ServeLimits.defaults(), UnknownDomain.BASE, 0);
    int[] text = text(nano);
    Random random = new Random(seed);
    for (Kind kind : Kind.values()) {
      requests.put(kind, draw(kind, text, random));
    }
  }

  /** Opens nano; the seed draws the requests. */
  static SoakLoad open(Path nano, long seed) throws IOException {
    return new SoakLoad(nano, seed);
  }

  /** All texts that nano is judged by, one after the other. */
  private int[] text(Path nano) throws IOException {
    return BaseTexts.lines(nano, BaseTexts.PROTECTED).stream()
        .flatMapToInt(line -> Arrays.stream(tokenizer.encode(line.text())))
        .toArray();
  }

  private List<Request> draw(Kind kind, int[] text, Random random) {
    List<Request> drawn = new ArrayList<>();
    for (int i = 0; i < kind.requests; i++) {
      int from = random.nextInt(text.length - kind.promptTokens);
      String prompt = tokenizer.decode(Arrays.copyOfRange(text, from, from + kind.promptTokens));
      drawn.add(
          Request.builder(kind + "-" + i, kind == Kind.SCORE ? Task.SCORE : Task.GENERATE, prompt)
              .maxTokens(kind.newTokens)
              .temperature(kind == Kind.DECODE ? 0.8 : 0)
              .topK(40)
              .topP(0.95)
              .seed(i)
              .cached(false)
              .build());
    }
    return drawn;
  }

  /** Answers a lap's requests of one kind; gives the processor seconds that each took. */
  double ask(Kind kind) throws Exception {
    return Lap.of(0, () -> answered(requests.getOrDefault(kind, List.of()))).cpuSeconds()
        / kind.requests;
  }

  /** The answer to one of the requests that score. */
  Answer one(int number) {
    List<Request> scored = requests.getOrDefault(Kind.SCORE, List.of());
    return responder.respond(List.of(scored.get(number % scored.size()))).get(0);
  }

  private int answered(List<Request> asked) {
    for (Answer answer : responder.respond(asked)) {
      if (answer.error() != null) {
        throw new IllegalStateException(answer.request() + ": " + answer.error());
      }
    }
    return asked.size();
  }

  @Override
  public void close() {
    responder.close();
    releases.close();
    cache.close();
    tokenizer.close();
    base.close();
  }
}
