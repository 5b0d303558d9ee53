package dev.millrace.model.serve;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.cache.CacheKeys;
import dev.millrace.model.cache.RemoteTier;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraPair;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.release.Routing;
import dev.millrace.model.score.DomainMemory;
import dev.millrace.model.score.HeldOut;
import dev.millrace.model.score.ModelLimits;
import dev.millrace.model.score.Scored;
import dev.millrace.model.score.Scorer;
import dev.millrace.model.score.ScorerConfig;
import dev.millrace.model.swap.FakeReleases;
import dev.millrace.model.swap.LiveReleases;
import dev.millrace.model.swap.SwapConfig;
import dev.millrace.model.swap.SwapResult;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.model.text.ByteTokenizer;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.Request;
import dev.millrace.schema.Request.Task;
import dev.millrace.schema.Sample;
import dev.millrace.schema.TokenLogProb;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Scoring, swapping and serving on the golden checkpoint in int8. */
class RealModelIT {

  private static final byte[] SECRET = new byte[16];
  private static final int RELEASES = 12;

  private BaseModel base;
  private LiveReleases live;
  private Responder responder;
  private final List<Responder> opened = new ArrayList<>();

  @BeforeEach
  void open() throws IOException {
    base = DjlModels.open(Path.of("src/test/resources/golden/olmoe-tiny"), Precision.INT8);
    FakeReleases releases = new FakeReleases();
    Routing routing = Routing.topK(base.config().router().topK());
    for (int i = 0; i < RELEASES; i++) {
      releases.replace(
          "bias-" + i, FakeReleases.release(base.id(), null, "java", adapter(i), i, routing));
    }
    live = LiveReleases.of(base, releases, SwapConfig.defaults().withHotBytes(1 << 20));
    responder = responder();
  }

  @AfterEach
  void close() {
    opened.forEach(Responder::close);
    live.close();
    base.close();
  }

  @Test
  void respond_mixedBatch_answersAsEachRequestAlone() {
    swap(1);
    List<Request> requests = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      for (Task task : Task.values()) {
        requests.add(request(i % 2 == 0 ? "java" : null, task, "prompt number " + i * 37));
      }
    }
    List<Answer> together = responder.respond(requests);
    for (int i = 0; i < requests.size(); i++) {
      Answer alone = responder().respond(List.of(requests.get(i))).get(0);
      assertNull(together.get(i).error());
      assertEquals(alone.logProb(), together.get(i).logProb());
      assertEquals(alone.text(), together.get(i).text());
      assertArrayEquals(alone.embedding(), together.get(i).embedding());
    }
  }

  /** Drawn at a temperature among a few, and yet those of the model as it is. */
  @Test
  void respond_logProbs_areThoseThatTheModelScores() {
    Request request =
        request(null, Task.GENERATE, "prompt").toBuilder()
            .temperature(0.5)
            .topP(0.8)
            .logProbs(true)
            .build();
    Answer answer = responder.respond(List.of(request)).get(0);
    List<TokenLogProb> added = answer.logProbs();
    assertEquals(answer.tokens(), added.size());
    assertEquals(answer.logProb(), added.stream().mapToDouble(TokenLogProb::logProb).sum());
    int[] prompt = new ByteTokenizer().encode("prompt");
    int[] whole = Arrays.copyOf(prompt, prompt.length + added.size());
    for (int i = 0; i < added.size(); i++) {
      whole[prompt.length + i] = added.get(i).bytes()[0] & 0xff;
    }
    float[] scored = base.score(List.of(new Sequence(whole, base.noAdapter()))).get(0).logProbs();
    for (int i = 0; i < added.size(); i++) {
      assertEquals(scored[prompt.length + i - 1], added.get(i).logProb(), 1e-2f);
    }
  }

  @Test
  void respond_oneAnswerStops_theOthersAreAsTheyWere() {
    swap(1);
    List<Request> requests = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      requests.add(request(i % 2 == 0 ? "java" : null, Task.GENERATE, "prompt number " + i * 37));
    }
    List<Answer> whole = responder.respond(requests);
    String text = whole.get(2).text();
    String stop = text.substring(text.length() / 2, text.length() / 2 + 1);
    requests.set(2, stopping(requests.get(2), stop));
    List<Answer> stopped = responder.respond(requests);
    for (int i = 0; i < requests.size(); i++) {
      Answer expected = whole.get(i);
      String all = expected.text();
      assertEquals(i == 2 ? all.substring(0, all.indexOf(stop)) : all, stopped.get(i).text());
      assertEquals(i != 2, expected.tokens() == stopped.get(i).tokens());
    }
  }

  @Test
  void step_requestsJoinAndLeaveOneByOne_answersAreAsAloneAndOldReleasesFinish() throws Exception {
    swap(1);
    List<Request> requests = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      Task task = i % 4 == 3 ? Task.SCORE : Task.GENERATE;
      requests.add(request(i % 2 == 0 ? "java" : null, task, "prompt number " + i * 37));
    }
    Map<Long, Answer> answers = new HashMap<>();
    List<Long> order = new ArrayList<>();
    for (int i = 0; i < 100 && answers.size() < requests.size(); i++) {
      if (i < requests.size()) {
        responder.submit(i, requests.get(i));
      }
      if (i == 3) {
        swap(2);
      }
      for (Answered answered : responder.step()) {
        answers.put(answered.ticket(), answered.answer());
        order.add(answered.ticket());
      }
    }
    assertNotEquals(order.stream().sorted().toList(), order);
    for (int i = 0; i < requests.size(); i++) {
      Answer inBatch = answers.get((long) i);
      String release = i % 2 == 1 ? null : i < 4 ? "bias-1" : "bias-2";
      assertEquals(release, inBatch.release());
      Answer alone = responder().respond(List.of(pinned(requests.get(i), release))).get(0);
      assertEquals(alone.text(), inBatch.text());
      assertEquals(alone.logProb(), inBatch.logProb());
    }
  }

  @Test
  void respond_whileReleasesChange_givesEachReleasesOwnAnswer() {
    Map<String, Double> own = new HashMap<>();
    for (int i = 0; i < RELEASES; i++) {
      swap(i);
      own.put("bias-" + i, respond().logProb());
    }
    assertNotEquals(own.get("bias-1"), own.get("bias-2"));
    rollback(0);
    CompletableFuture<SwapResult> last = CompletableFuture.completedFuture(null);
    for (int round = 0; round < 5; round++) {
      for (int i = 0; i < RELEASES; i++) {
        last = live.apply(FakeReleases.event(null, "java", Action.ROLLBACK, i), 0);
      }
    }
    int answers = 0;
    while (!last.isDone() || answers == 0) {
      Answer answer = respond();
      assertNotNull(answer.release());
      assertEquals(own.get(answer.release()), answer.logProb());
      answers++;
    }
    assertEquals("bias-" + (RELEASES - 1), respond().release());
  }

  @Test
  void score_sameSampleAndMemory_judgesAlikeToTheBit() {
    Scorer scorer =
        Scorer.of(
            base,
            new ByteTokenizer(),
            KnownTexts.of(List.of(), 256),
            new HeldOut("salt", 10),
            patient());
    assertEquals(judged(scorer), judged(scorer));
  }

  /** Random weights find everything surprising. */
  private static ScorerConfig patient() {
    ScorerConfig d = ScorerConfig.defaults();
    return new ScorerConfig(
        d.signal(),
        d.alpha(),
        d.beta(),
        d.minQuality(),
        d.acceptRate(),
        d.nearSimilarity(),
        d.reorderedSimilarity(),
        d.weights(),
        d.guard(),
        d.shape(),
        new ModelLimits(128, 256, 2, 2),
        d.memory(),
        d.align());
  }

  private static String judged(Scorer scorer) {
    DomainMemory memory = DomainMemory.empty(ScorerConfig.defaults().memory(), scorer.readers());
    StringBuilder judged = new StringBuilder();
    for (int i = 0; i < 20; i++) {
      String text = "Text number " + i + " says that " + i * i * 7919 + " is a square and a half.";
      Sample sample =
          Sample.ofText("s" + i, "source", "doc" + i, "java", text, 0, new Origin("samples", 0, i));
      Scored scored = scorer.score(sample, memory);
      if (i == 0) {
        assertInstanceOf(Scored.Accepted.class, scored);
      }
      judged.append(
          scored instanceof Scored.Accepted a
              ? a.sample().quality() + "\n"
              : ((Scored.Refused) scored).rejection() + "\n");
    }
    return judged.toString();
  }

  private Answer respond() {
    Answer answer =
        responder.respond(List.of(request("java", Task.SCORE, "the same prompt"))).get(0);
    assertNull(answer.error());
    return answer;
  }

  private Responder responder() {
    ServingParts parts =
        new ServingParts(
            base,
            new ByteTokenizer(),
            live,
            AnswerCache.of(1 << 20, RemoteTier.none(), SECRET),
            CacheKeys.of(SECRET),
            Clock.systemUTC());
    Responder made = Responder.of(parts, ServeLimits.defaults(), 0);
    opened.add(made);
    return made;
  }

  private void swap(int release) {
    SwapResult result = live.apply(FakeReleases.published("java", release), 0).join();
    assertEquals(Outcome.SWAPPED, result.outcome(), result.reason());
  }

  private void rollback(int release) {
    assertEquals(
        Outcome.SWAPPED,
        live.apply(FakeReleases.event(null, "java", Action.ROLLBACK, release), 0).join().outcome());
  }

  private LoraWeights adapter(long seed) {
    LoraConfig config = new LoraConfig(4, 8, false, List.of("q_proj", "v_proj"));
    SplittableRandom random = new SplittableRandom(seed);
    List<LoraPair> pairs = new ArrayList<>();
    for (LoraPair pair : LoraWeights.initial(config, base.sites(), seed).pairs()) {
      float[] b = new float[pair.b().length];
      for (int i = 0; i < b.length; i++) {
        b[i] = (float) (0.1 * random.nextGaussian());
      }
      pairs.add(new LoraPair(pair.site(), pair.a(), b));
    }
    return new LoraWeights(config, pairs);
  }

  private static Request pinned(Request r, @Nullable String release) {
    return r.toBuilder().release(release).build();
  }

  private static Request stopping(Request r, String stop) {
    return r.toBuilder().stop(List.of(stop)).build();
  }

  private static Request request(@Nullable String domain, Task task, String prompt) {
    return Request.builder("id", task, prompt)
        .domain(domain)
        .maxTokens(8)
        .cached(false)
        .origin(new Origin("requests", 0, 1))
        .build();
  }
}
