package dev.millrace.job.bench.serve;

import dev.millrace.job.bench.measure.Lap;
import dev.millrace.model.serve.Responder;
import dev.millrace.model.swap.LiveReleases;
import dev.millrace.schema.Request;
import dev.millrace.schema.Request.Task;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
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

  private final NanoParts nano;
  private final LiveReleases releases;
  private final Responder responder;
  private final Map<Kind, List<Request>> requests = new EnumMap<>(Kind.class);

  /** Opens nano; the seed draws the requests. */
  SoakLoad(Path folder, long seed) throws IOException {
    nano = NanoParts.open(folder);
    releases = NanoParts.noReleases(nano.base());
    responder = nano.responder(releases);
    Random random = new Random(seed);
    for (Kind kind : Kind.values()) {
      requests.put(kind, draw(kind, random));
    }
  }

  private List<Request> draw(Kind kind, Random random) {
    List<Request> drawn = new ArrayList<>();
    for (int i = 0; i < kind.requests; i++) {
      String prompt = nano.prompt(kind.promptTokens, random);
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
    List<Request> asked = requests.getOrDefault(kind, List.of());
    return Lap.of(0, () -> NanoParts.answers(responder, asked).size()).cpuSeconds() / kind.requests;
  }

  /** Answers one of the requests that score. */
  void askOne(int number) {
    List<Request> scored = requests.getOrDefault(Kind.SCORE, List.of());
    var unused = NanoParts.answers(responder, List.of(scored.get(number % scored.size())));
  }

  @Override
  public void close() {
    responder.close();
    releases.close();
    nano.close();
  }
}
