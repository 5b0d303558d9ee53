package dev.millrace.job.bench.serve;

import dev.millrace.job.embedded.TempDirectory;
import dev.millrace.model.serve.Responder;
import dev.millrace.model.swap.LiveReleases;
import dev.millrace.model.swap.Staged;
import dev.millrace.model.swap.SwapConfig;
import dev.millrace.model.swap.SwapResult;
import dev.millrace.schema.Answer;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import java.io.IOException;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;

/** Requests to nano by releases of one domain, each answer held against what its release says. */
final class SwapLoad implements AutoCloseable {

  private static final int PROMPTS = 16;
  private static final int TOKENS = 48;

  /** Of the shortest answer of a running batch; each next one has one more. */
  private static final int ANSWER_TOKENS = 4;

  private final TempDirectory scratch;
  private final NanoParts nano;
  private final SwapReleases releases;
  private final LiveReleases live;
  private final Responder responder;
  private final List<String> prompts = new ArrayList<>();
  private final BatchAudit batch;

  /** What each release says to each prompt, nats. */
  private final Map<String, double[]> expected = new HashMap<>();

  private int asked;
  private int mixed;

  SwapLoad(Path folder, long seed) throws IOException, NoSuchAlgorithmException {
    scratch = TempDirectory.create();
    nano = NanoParts.open(folder);
    releases = new SwapReleases(nano.base(), scratch.resolve("store"));
    live = LiveReleases.of(nano.base(), releases.source(), SwapConfig.defaults());
    responder = nano.responder(live);
    Random random = new Random(seed);
    for (int i = 0; i < PROMPTS; i++) {
      prompts.add(nano.prompt(TOKENS, random));
    }
    batch =
        new BatchAudit(responder, IntStream.range(0, PROMPTS).mapToObj(this::generating).toList());
  }

  SwapReleases releases() {
    return releases;
  }

  /** Makes a release current, and notes what it says to every prompt. */
  void learn(ReleaseEvent event) {
    swap(event);
    double[] said = new double[PROMPTS];
    for (int i = 0; i < PROMPTS; i++) {
      Answer answer = ask(i);
      require(event.release().equals(answer.release()), "release " + answer.release());
      said[i] = answer.logProb();
    }
    expected.put(event.release(), said);
    batch.learn(event.release());
  }

  /** Makes a release current: fetched, verified, loaded, warmed. */
  void swap(ReleaseEvent event) {
    SwapResult result = live.apply(event, System.currentTimeMillis()).join();
    require(result.outcome() == SwapResult.Outcome.SWAPPED, result.reason());
  }

  /** Makes a release ready to become current, and drops it. */
  void stage(ReleaseEvent event) {
    try (Staged staged = live.stage(event, System.currentTimeMillis()).join()) {
      require(staged.problem() == null, String.valueOf(staged.problem()));
    }
  }

  /** Asks one after the other; gives the times that it took, in microseconds. */
  Histogram ask(int requests, Histogram micros) {
    for (int i = 0; i < requests; i++) {
      int prompt = asked++ % PROMPTS;
      long start = System.nanoTime();
      Answer answer = ask(prompt);
      micros.recordValue((System.nanoTime() - start) / 1000);
      double[] said = expected.get(Objects.requireNonNull(answer.release()));
      if (said == null || said[prompt] != answer.logProb()) {
        mixed++;
      }
    }
    return micros;
  }

  private Answer ask(int prompt) {
    Answer answer = responder.respond(List.of(request(prompt))).get(0);
    require(answer.error() == null, String.valueOf(answer.error()));
    return answer;
  }

  /** The release that answers now. */
  String current() {
    return String.valueOf(ask(0).release());
  }

  /** Answers that are not what their release says: those of two releases at once. */
  int mixed() {
    return mixed;
  }

  /** How many were asked one after the other. */
  int asked() {
    return asked;
  }

  /** The same responder with a batch that runs. */
  BatchAudit batch() {
    return batch;
  }

  private Request request(int prompt) {
    return Request.builder("q", Request.Task.SCORE, prompts.get(prompt))
        .domain(SwapReleases.DOMAIN)
        .cached(false)
        .build();
  }

  private Request generating(int prompt) {
    return Request.builder("q", Request.Task.GENERATE, prompts.get(prompt))
        .domain(SwapReleases.DOMAIN)
        .maxTokens(ANSWER_TOKENS + prompt)
        .cached(false)
        .build();
  }

  /** A second subtask that is asked all the time, until closed. */
  AutoCloseable busy() {
    Responder other = nano.responder(live);
    AtomicBoolean goesOn = new AtomicBoolean(true);
    Thread thread =
        new Thread(
            () -> {
              for (int i = 0; goesOn.get(); i++) {
                other.respond(List.of(request(i % PROMPTS)));
              }
            },
            "swap-busy");
    thread.start();
    return () -> {
      goesOn.set(false);
      thread.join();
      other.close();
    };
  }

  private static void require(boolean holds, String found) {
    if (!holds) {
      throw new IllegalStateException("a request or a swap failed: " + found);
    }
  }

  @Override
  public void close() throws IOException {
    responder.close();
    live.close();
    nano.close();
    scratch.close();
  }
}
