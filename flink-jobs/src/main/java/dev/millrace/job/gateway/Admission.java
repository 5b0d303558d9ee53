package dev.millrace.job.gateway;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** How much of one thing each account has under way: one that has too much is told so. */
final class Admission {

  private final String what;
  private final long most;
  private final Map<String, Long> underWay = new ConcurrentHashMap<>();

  /**
   * Lets so many in of each account.
   *
   * @param what they are, in the plural
   */
  Admission(String what, long most) {
    this.what = what;
    this.most = most;
  }

  /**
   * Lets some in; each must {@link #leave}.
   *
   * @throws ApiProblem if the account has too many under way
   */
  void enter(String account, int more) {
    underWay.compute(
        account,
        (name, before) -> {
          long now = (before == null ? 0 : before) + more;
          if (now > most) {
            throw ApiProblem.tooMany(
                "%d %s under way, expected at most %d".formatted(now, what, most));
          }
          return now;
        });
  }

  void leave(String account, int fewer) {
    underWay.computeIfPresent(account, (name, now) -> now <= fewer ? null : now - fewer);
  }

  /**
   * Lets one call in until what it makes is there, or has failed.
   *
   * @throws ApiProblem if the account has too many under way
   */
  <T> CompletableFuture<T> during(String account, Supplier<CompletableFuture<T>> call) {
    enter(account, 1);
    try {
      return call.get().whenComplete((made, failure) -> leave(account, 1));
    } catch (Throwable e) { // a body may be cut off
      leave(account, 1);
      throw e;
    }
  }
}
