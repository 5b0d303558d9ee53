package dev.millrace.job.gateway;

import dev.millrace.schema.Answer;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Answers that one release gave, so that they can be compared: while serving goes over to the next
 * one, its subtasks may be at different ones.
 */
final class OneRelease {

  private OneRelease() {}

  /**
   * Asks, and once more if more than one release answered; the future fails with an {@link
   * ApiProblem} if that is so again.
   *
   * @param asking asks all anew, each time it is called
   */
  static CompletableFuture<List<Answer>> ask(Supplier<CompletableFuture<List<Answer>>> asking) {
    return asking
        .get()
        .thenCompose(
            found ->
                releases(found).size() == 1
                    ? CompletableFuture.completedFuture(found)
                    : again(found, asking));
  }

  /** Elsewhere than on the thread that brought the last answer: asking may wait for the broker. */
  private static CompletableFuture<List<Answer>> again(
      List<Answer> mixed, Supplier<CompletableFuture<List<Answer>>> asking) {
    return CompletableFuture.completedFuture(mixed)
        .thenComposeAsync(unusable -> asking.get())
        .thenApply(OneRelease::require);
  }

  private static List<Answer> require(List<Answer> found) {
    Set<String> releases = releases(found);
    if (releases.size() > 1) {
      throw ApiProblem.unavailable(
          "releases %s answered, expected one: serving goes over to another, ask again"
              .formatted(releases));
    }
    return found;
  }

  private static Set<String> releases(List<Answer> found) {
    Set<String> releases = new LinkedHashSet<>();
    found.forEach(answer -> releases.add(Replies.answerer(answer)));
    return releases;
  }
}
