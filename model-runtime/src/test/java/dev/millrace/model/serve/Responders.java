package dev.millrace.model.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.FakeBaseModel;
import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.cache.CacheKeys;
import dev.millrace.model.cache.DirectExecutor;
import dev.millrace.model.cache.MapRemoteTier;
import dev.millrace.model.cache.SemanticTier;
import dev.millrace.model.swap.FakeReleases;
import dev.millrace.model.swap.LiveReleases;
import dev.millrace.model.swap.SwapConfig;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.model.text.ByteTokenizer;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Chunk;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import dev.millrace.schema.Request.Task;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;

/** Responders on a fake base, and what they are asked. */
abstract class Responders {

  static final byte[] SECRET = new byte[16];
  static final ServeLimits LIMITS = new ServeLimits(1000, 1000, 1000);
  volatile long now = 1234;

  final FakeBaseModel base = new FakeBaseModel();
  final MapRemoteTier remote = new MapRemoteTier();
  final FakeReleases source = new FakeReleases();
  final LiveReleases live = LiveReleases.of(base, source, SwapConfig.defaults());
  final List<Responder> opened = new ArrayList<>();
  final Responder responder = responder();

  @AfterEach
  void everyLeaseIsGivenBack() {
    opened.forEach(Responder::close);
    live.close();
    assertEquals(0, base.openAdapters());
    assertEquals(List.of(), base.misuses());
  }

  static List<Answered> untilAnswered(Responder responder, int count) throws InterruptedException {
    List<Answered> all = new ArrayList<>();
    while (all.size() < count) {
      all.addAll(responder.step());
    }
    return all;
  }

  static String text(List<Chunk> chunks) {
    return chunks.stream().map(Chunk::text).collect(Collectors.joining());
  }

  static Request due(Request r, long deadline) {
    return r.toBuilder().deadlineMillis(deadline).cancels(null).build();
  }

  static List<String> ids(List<Answered> answered) {
    return answered.stream().map(a -> a.answer().request()).toList();
  }

  Responder responder() {
    return responder(cache());
  }

  static Answer one(Responder responder, Request request) {
    return responder.respond(List.of(request)).get(0);
  }

  AnswerCache cache() {
    return AnswerCache.of(1 << 20, remote, SECRET, SemanticTier.none(), new DirectExecutor());
  }

  Responder responder(AnswerCache cache) {
    Responder responder = Responder.of(parts(cache), LIMITS, 5);
    opened.add(responder);
    return responder;
  }

  ServingParts parts(AnswerCache cache) {
    return parts(carriers(base, new ByteTokenizer()), live, cache, new MediaReader(null));
  }

  ServingParts parts(Carriers carriers, LiveReleases releases, MediaReader media) {
    return parts(carriers, releases, cache(), media);
  }

  ServingParts parts(
      Carriers carriers, LiveReleases releases, AnswerCache cache, MediaReader media) {
    return new ServingParts(
        carriers, releases, cache, CacheKeys.of(SECRET), () -> Instant.ofEpochMilli(now), media);
  }

  static Carriers carriers(BaseModel base, Tokenizer tokenizer) {
    return Carriers.of(new Carrier(base, tokenizer), List.of());
  }

  Answer one(Request request) {
    return responder.respond(List.of(request)).get(0);
  }

  void swap(ReleaseEvent event) {
    assertEquals(Outcome.SWAPPED, live.apply(event, 77).join().outcome());
  }

  static void assertError(String reason, Answer answer) {
    String error = answer.error();
    assertNotNull(error);
    assertTrue(error.startsWith(reason), error);
  }

  static Request score(String id, @Nullable String domain, String prompt) {
    return request(id, domain, Task.SCORE, prompt).build();
  }

  static Request embed(String id, @Nullable String domain, String prompt) {
    return request(id, domain, Task.EMBED, prompt).build();
  }

  static Request generate(String id, @Nullable String domain, String prompt, int maxTokens) {
    return request(id, domain, Task.GENERATE, prompt).maxTokens(maxTokens).build();
  }

  static Request.Builder request(String id, @Nullable String domain, Task task, String prompt) {
    return Request.builder(id, task, prompt).domain(domain).origin(new Origin("requests", 0, 1));
  }

  static Request of(@Nullable String tenant, Request r) {
    return r.toBuilder().tenant(tenant).build();
  }

  static Request pinned(Request r, String release) {
    return r.toBuilder().release(release).build();
  }

  static Request sampled(Request r, double temperature, long seed) {
    return r.toBuilder().temperature(temperature).seed(seed).build();
  }

  static Request uncached(Request r) {
    return r.toBuilder().cached(false).build();
  }
}
