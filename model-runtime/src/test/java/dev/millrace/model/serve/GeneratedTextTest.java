package dev.millrace.model.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.base.Decoding;
import dev.millrace.model.base.FakeBaseModel;
import dev.millrace.model.swap.FakeReleases;
import dev.millrace.model.swap.LiveReleases;
import dev.millrace.model.swap.SwapConfig;
import dev.millrace.model.text.ByteTokenizer;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Answer.From;
import dev.millrace.schema.Chunk;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.Request;
import dev.millrace.schema.TokenLogProb;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Text that is generated token by token. */
class GeneratedTextTest extends Responders {

  @Test
  void respond_sampledText_isAFunctionOfItsSeed() {
    Answer first = one(uncached(sampled(generate("a", null, "prompt", 8), 1, 1)));
    Answer again = one(uncached(sampled(generate("b", null, "prompt", 8), 1, 1)));
    assertEquals(first.text(), again.text());
    assertNotEquals(first.text(), one(sampled(generate("c", null, "prompt", 8), 1, 2)).text());
    assertEquals(8, first.tokens());
    assertEquals(-8, first.logProb());
  }

  @Test
  void respond_stopText_endsTheAnswerBeforeItAndLeavesTheBatch() {
    Request plain = generate("a", null, "prompt", 20);
    Answer whole = one(plain);
    assertEquals("uvwxyzabcdefghijklmn", whole.text());
    int before = base.generated();
    List<Answer> answers =
        responder.respond(
            List.of(
                selecting(plain, 0, 1, List.of("never", "yza", "za")),
                selecting(plain, 0, 1, List.of("defg")),
                selecting(plain, 0, 1, List.of("n")),
                selecting(plain, 0, 1, List.of("uv"))));
    assertEquals(
        List.of("uvwx", "uvwxyzabc", "uvwxyzabcdefghijklm", ""),
        answers.stream().map(Answer::text).toList());
    assertEquals(List.of(7, 13, 20, 2), answers.stream().map(Answer::tokens).toList());
    assertEquals(-7, answers.get(0).logProb());
    assertEquals(7 + 13 + 20 + 2, base.generated() - before);
    assertEquals(whole.text(), one(plain).text());
  }

  @Test
  void respond_stopTextOfSeveralBytes_isFoundWhereItEnds() {
    Continuation continuation =
        new Continuation(new ByteTokenizer(), List.of(), List.of("é"), 8, false);
    byte[] bytes = "né!".getBytes(StandardCharsets.UTF_8);
    assertTrue(continuation.add(new Decoding.Token(0, bytes[0] & 0xff, -1, false)));
    assertTrue(continuation.add(new Decoding.Token(0, bytes[1] & 0xff, -1, false)));
    assertFalse(continuation.add(new Decoding.Token(0, bytes[2] & 0xff, -1, false)));
    assertEquals("n", continuation.answer().text());
    assertEquals(3, continuation.answer().tokens());
  }

  @Test
  void respond_tokenThatEndsATextOnThisBase_endsTheAnswer() {
    FakeBaseModel ending = new FakeBaseModel("ending", List.of((int) 'x', (int) 'd'));
    try (LiveReleases alone = LiveReleases.of(ending, source, SwapConfig.defaults());
        Responder other =
            Responder.of(
                parts(carriers(ending, new ByteTokenizer()), alone, new MediaReader(null)),
                LIMITS,
                5)) {
      Answer answer = one(other, generate("a", null, "prompt", 20));
      assertEquals("uvw", answer.text());
      assertEquals(4, answer.tokens());
      assertEquals(4, ending.generated());
    }
  }

  @Test
  void respond_requestsThatDifferInSelectionOrStop_shareNoAnswer() {
    Request plain = sampled(generate("a", null, "prompt", 8), 1, 5);
    List<Request> requests =
        List.of(
            plain,
            selecting(plain, 1, 1, List.of()),
            selecting(plain, 0, 0.001, List.of()),
            selecting(plain, 0, 1, List.of("j")));
    List<Answer> first = responder.respond(requests);
    first.forEach(answer -> assertEquals(From.MODEL, answer.from()));
    assertNotEquals(first.get(0).text(), first.get(1).text());
    assertNotEquals(first.get(0).text(), first.get(2).text());
    List<Answer> again = responder.respond(requests);
    for (int i = 0; i < first.size(); i++) {
      assertEquals(From.L1, again.get(i).from());
      assertEquals(first.get(i).text(), again.get(i).text());
    }
  }

  @Test
  void respond_moreToGenerateThanTheCacheHolds_joinsAsOthersLeave() {
    List<Request> requests = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      requests.add(generate("q" + i, null, i + "a".repeat(399), 20 + i));
    }
    List<Answer> answers = responder.respond(requests);
    responder.close();
    assertEquals(List.of(2), base.mostRunning());
    assertEquals(List.of(20, 21, 22, 23, 24), answers.stream().map(Answer::tokens).toList());
  }

  @Test
  void respond_moreTokensThanACallTakes_areSpreadOverCalls() {
    List<Request> requests = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      requests.add(score("q" + i, null, i + "a".repeat(399)));
    }
    responder.respond(requests);
    assertEquals(List.of(2, 2, 2, 2, 2), base.scoreCalls());
  }

  @Test
  void step_shortAnswerBesideALongOne_leavesAtOnce() throws Exception {
    responder.submit(1, generate("long", null, "prompt", 20));
    assertEquals(List.of(), responder.step());
    responder.submit(2, generate("short", null, "prompt", 2));
    responder.submit(3, score("score", null, "prompt"));
    assertEquals(List.of("score"), ids(responder.step()));
    assertEquals(List.of("short"), ids(responder.step()));
    for (int token = 3; token < 19; token++) {
      assertEquals(List.of(), responder.step());
    }
    List<Answered> last = responder.step();
    assertEquals(List.of("long"), ids(last));
    assertEquals("uvwxyzabcdefghijklmn", last.get(0).answer().text());
  }

  @Test
  void chunks_ofARequestThatStreams_areItsTextInOrderAndNameTheRelease() throws Exception {
    swap(FakeReleases.published("java", 64));
    Request request = generate("q", "java", "prompt", 6);
    responder.submit(1, streamed(request, List.of()));
    responder.submit(2, generate("other", null, "prompt", 6));
    List<Chunk> chunks = new ArrayList<>();
    Answer answer = answerOf("q", chunks);
    assertEquals(List.of(0, 1, 2, 3, 4), chunks.stream().map(Chunk::index).toList());
    assertEquals(answer.text(), text(chunks) + "f");
    assertEquals("q bias-64 fake-base", about(chunks.get(0)));
    responder.submit(3, streamed(request, List.of()));
    chunks.clear();
    assertEquals(From.L1, answerOf("q", chunks).from());
    assertEquals(List.of(), chunks, "what is found comes whole");
  }

  @Test
  void chunks_beforeAStopText_keepBackWhatMayBecomeOne() throws Exception {
    Request request = generate("q", null, "prompt", 9);
    responder.submit(1, streamed(request, List.of("wxa", "yza")));
    List<Chunk> chunks = new ArrayList<>();
    assertEquals("uvwx", answerOf("q", chunks).text());
    assertEquals(List.of("u", "v", "wx"), chunks.stream().map(Chunk::text).toList());
  }

  @Test
  void respond_logProbs_areThoseOfEachTokenAndTheSameFromTheCache() {
    Request plain = generate("q", null, "prompt", 6);
    Request asking = plain.toBuilder().logProbs(true).build();
    assertEquals(List.of(), one(plain).logProbs());
    Answer computed = one(asking);
    assertEquals(From.MODEL, computed.from(), "what is kept of the other has none");
    assertEquals("uvwxyz", said(computed.logProbs()));
    assertEquals(computed.logProb(), sum(computed.logProbs()));
    Answer found = one(asking);
    assertEquals(From.L1, found.from());
    assertEquals(computed.logProbs(), found.logProbs());
    Answer afar = one(responder(), asking);
    assertEquals(From.REDIS, afar.from());
    assertEquals(computed.logProbs(), afar.logProbs());
    Answer again = one(plain);
    assertEquals(From.L1, again.from());
    assertEquals(List.of(), again.logProbs());
  }

  @Test
  void chunks_logProbs_areThoseOfTheTokensSinceTheChunkBefore() throws Exception {
    Request request = generate("q", null, "prompt", 9).toBuilder().logProbs(true).build();
    responder.submit(1, streamed(request, List.of("wxa", "yza")));
    List<Chunk> chunks = new ArrayList<>();
    Answer answer = answerOf("q", chunks);
    assertEquals(List.of("u", "v", "wxy"), chunks.stream().map(c -> said(c.logProbs())).toList());
    assertEquals("uvwxyza", said(answer.logProbs()), "a stop text is in the tokens");
    assertEquals(answer.logProb(), sum(answer.logProbs()));
  }

  private static String said(List<TokenLogProb> tokens) {
    return tokens.stream()
        .map(token -> new String(token.bytes(), StandardCharsets.UTF_8))
        .collect(Collectors.joining());
  }

  private static double sum(List<TokenLogProb> tokens) {
    return tokens.stream().mapToDouble(TokenLogProb::logProb).sum();
  }

  /** Steps until it is there; adds all chunks that come. */
  private Answer answerOf(String id, List<Chunk> chunks) throws InterruptedException {
    while (true) {
      List<Answered> done = responder.step();
      responder.added().forEach(added -> chunks.add(added.chunk()));
      for (Answered answered : done) {
        if (answered.answer().request().equals(id)) {
          return answered.answer();
        }
      }
    }
  }

  private static String about(Chunk chunk) {
    return chunk.request() + " " + chunk.release() + " " + chunk.base();
  }

  private static Request streamed(Request r, List<String> stop) {
    return r.toBuilder().stop(stop).deadlineMillis(0).cancels(null).stream(true).build();
  }

  @Test
  void step_swapWhileGenerating_finishesOnTheReleaseItBeganWith() throws Exception {
    swap(FakeReleases.published("java", 64));
    responder.submit(1, generate("q", "java", "prompt", 6));
    responder.step();
    for (int batch = 65; batch < 100; batch++) {
      swap(FakeReleases.published("java", batch));
    }
    swap(FakeReleases.event(null, "java", Action.FORGET, 99));
    List<Answered> done = List.of();
    while (done.isEmpty()) {
      done = responder.step();
    }
    assertEquals("bias-64", done.get(0).answer().release());
    assertEquals("vxzbdf", done.get(0).answer().text());
  }

  @Test
  void step_tenThousandEqualPromptsAroundASwap_runTheModelOnceForEachRelease() throws Exception {
    int before = base.generated();
    Map<String, Integer> answers = new TreeMap<>();
    for (int batch = 64; batch < 66; batch++) {
      swap(FakeReleases.published("java", batch));
      for (int i = 0; i < 5_000; i++) {
        responder.submit(10_000L * batch + i, generate("q", "java", "prompt", 6));
      }
      count(responder.step(), answers);
    }
    while (answers.values().stream().mapToInt(n -> n).sum() < 10_000) {
      count(responder.step(), answers);
    }
    assertEquals(Map.of("bias-64", 5_000, "bias-65", 5_000), answers);
    assertEquals(2 * 6, base.generated() - before);
  }

  private static void count(List<Answered> done, Map<String, Integer> answers) {
    done.forEach(one -> answers.merge(String.valueOf(one.answer().release()), 1, Integer::sum));
  }

  @Test
  void cancel_generating_leavesAtTheNextTokenAndFreesItsRoom() throws Exception {
    responder.submit(1, generate("a", null, "a".repeat(400), 100));
    responder.submit(2, generate("b", null, "b".repeat(400), 100));
    responder.submit(3, generate("c", null, "c".repeat(400), 2));
    responder.step();
    int before = base.generated();
    responder.cancel(1, "cancelled: by x");
    responder.cancel(9, "cancelled: nobody");
    List<Answered> done = responder.step();
    assertEquals(List.of("a"), ids(done));
    assertEquals("cancelled: by x", done.get(0).answer().error());
    assertEquals(2, base.generated() - before);
    assertEquals(List.of("c"), ids(responder.step()));
  }

  @Test
  void step_deadlinePassesWhileGenerating_leavesAtTheNextToken() throws Exception {
    responder.submit(1, due(generate("late", null, "prompt", 100), 1240));
    responder.submit(2, generate("goes on", null, "prompt", 100));
    responder.step();
    now = 1241;
    int before = base.generated();
    List<Answered> done = responder.step();
    assertEquals(List.of("late"), ids(done));
    assertError("deadline-passed: it is 1241, expected at most 1240", done.get(0).answer());
    assertEquals(1, base.generated() - before, "who waited for the same computes it now");
  }

  private static Request selecting(Request r, int topK, double topP, List<String> stop) {
    return r.toBuilder().topK(topK).topP(topP).stop(stop).build();
  }
}
