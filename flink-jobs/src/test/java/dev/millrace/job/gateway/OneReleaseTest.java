package dev.millrace.job.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.job.StreamRecords;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Request;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class OneReleaseTest {

  private final Deque<List<Answer>> rounds = new ArrayDeque<>();

  @Test
  void ask_answersOfOneRelease_areNotAskedAgain() {
    List<Answer> first = round("r1", "r1");
    round("r2", "r2");
    assertEquals(first, ask().join());
    assertEquals(1, rounds.size());
  }

  @Test
  void ask_answersOfTwoReleases_areAskedOnceMore() {
    round("r1", "r2");
    List<Answer> second = round("r2", "r2");
    assertEquals(second, ask().join());
  }

  @Test
  void ask_theBaseAndAReleaseTwice_isUnavailableAndNamesThem() {
    round("r1", null);
    round("r1", null);
    round("r1", "r1");
    ApiProblem problem = ApiProblem.of(assertThrows(CompletionException.class, ask()::join));
    assertEquals(503, problem.status());
    assertEquals(
        "releases [r1, base base] answered, expected one: serving goes over to another, ask again",
        problem.getMessage());
    assertEquals(1, rounds.size());
  }

  @Test
  void ask_secondTimeIsRefused_failsSo() {
    round("r1", "r2");
    CompletableFuture<List<Answer>> asked =
        OneRelease.ask(
            () -> {
              if (rounds.isEmpty()) {
                throw ApiProblem.tooMany("3 requests under way");
              }
              return CompletableFuture.completedFuture(rounds.remove());
            });
    assertEquals(429, ApiProblem.of(assertThrows(CompletionException.class, asked::join)).status());
  }

  private CompletableFuture<List<Answer>> ask() {
    return OneRelease.ask(() -> CompletableFuture.completedFuture(rounds.remove()));
  }

  private List<Answer> round(@Nullable String... releases) {
    List<Answer> answers = Arrays.stream(releases).map(OneReleaseTest::answer).toList();
    rounds.add(answers);
    return answers;
  }

  private static Answer answer(@Nullable String release) {
    Request request = Request.builder("q", Request.Task.EMBED, "").domain("stamps").build();
    return StreamRecords.answer(request, null, "", release);
  }
}
