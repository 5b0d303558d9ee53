package dev.millrace.job.gateway;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** How many calls of each account are under way: one that has too many is told so. */
final class Admission {

  private final int most;
  private final Map<String, Integer> underWay = new ConcurrentHashMap<>();

  Admission(int most) {
    this.most = most;
  }

  /**
   * Lets calls in; each must {@link #leave}.
   *
   * @throws ApiProblem if the account has too many under way
   */
  void enter(String account, int calls) {
    underWay.compute(
        account,
        (name, before) -> {
          int now = (before == null ? 0 : before) + calls;
          if (now > most) {
            throw ApiProblem.tooMany(
                "%d requests under way, expected at most %d".formatted(now, most));
          }
          return now;
        });
  }

  void leave(String account, int calls) {
    underWay.computeIfPresent(account, (name, now) -> now <= calls ? null : now - calls);
  }
}
