package dev.millrace.job.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class KeptRepliesTest {

  private static final long MOST = 1 << 20;

  private final AtomicInteger calls = new AtomicInteger();
  private final KeptReplies kept = new KeptReplies(MOST);

  @Test
  void once_secondCallUnderAKey_hasTheReplyOfTheFirst() {
    CompletableFuture<String> made = new CompletableFuture<>();
    CompletableFuture<String> first = kept.once("key", "asked", () -> made);
    CompletableFuture<String> second = kept.once("key", "asked", () -> call(1));
    assertFalse(second.isDone());
    made.complete("reply");
    assertEquals("reply", first.join());
    assertEquals("reply", second.join());
    assertEquals("reply", kept.once("key", "asked", () -> call(1)).join());
    assertEquals(0, calls.get());
  }

  /** Whose samples would be lost, if it had the reply of the first. */
  @Test
  void once_anotherCallUnderAKey_isRefusedAndNotMade() {
    CompletableFuture<String> first = kept.once("key", "asked", CompletableFuture::new);
    var problem =
        assertThrows(ApiProblem.class, () -> kept.once("key", "something else", () -> call(1)));
    assertEquals(422, problem.status());
    assertEquals("idempotency_key_reused", problem.code());
    assertEquals(0, calls.get());
    assertFalse(first.isDone());
  }

  @Test
  void once_firstCallFails_isMadeAgain() {
    CompletableFuture<String> failing =
        kept.once(
            "key",
            "asked",
            () -> CompletableFuture.failedFuture(new IllegalStateException("away")));
    assertThrows(CompletionException.class, failing::join);
    CompletableFuture<String> refused =
        kept.once(
            "key",
            "asked",
            () -> {
              throw ApiProblem.bad("bad", "bad");
            });
    assertEquals(
        400, ApiProblem.of(assertThrows(CompletionException.class, refused::join)).status());
    CompletableFuture<String> broken =
        kept.once(
            "key",
            "asked",
            () -> {
              throw new NoClassDefFoundError("made up");
            });
    assertThrows(CompletionException.class, broken::join);
    assertEquals("a", kept.once("key", "asked", () -> call(1)).join());
  }

  /** They come to twice the most. A call that is under way is made once, however many follow it. */
  @Test
  void once_repliesWeighMoreThanTheMost_theOldestAreForgotten() {
    int each = (int) (MOST / 10);
    CompletableFuture<String> underWay = kept.once("under way", "asked", CompletableFuture::new);
    for (int i = 0; i < 20; i++) {
      assertEquals(each, ask(i, each).length());
    }
    assertEquals(20, calls.get());
    for (int i = 12; i < 20; i++) {
      assertEquals(each, ask(i, each).length());
    }
    assertEquals(20, calls.get(), "some of the last were asked again");
    assertSame(underWay, kept.once("under way", "asked", () -> call(1)));
    assertEquals(1, ask(0, 1).length());
  }

  private String ask(int key, int characters) {
    return kept.once("key " + key, "asked", () -> call(characters)).join();
  }

  private CompletableFuture<String> call(int characters) {
    calls.incrementAndGet();
    return CompletableFuture.completedFuture("a".repeat(characters));
  }
}
