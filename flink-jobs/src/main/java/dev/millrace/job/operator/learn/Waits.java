package dev.millrace.job.operator.learn;

import dev.millrace.schema.wire.ErrorLine;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The keys for which something is tried again and again, and what people are told of them: once
 * when it begins, at most once a minute while it lasts, and once when it is over.
 */
final class Waits {

  private static final long MINUTE_MILLIS = 60_000;

  private final Consumer<String> log;

  /** By key, epoch milliseconds. */
  private final Map<String, Long> since = new HashMap<>();

  private long toldMillis;

  Waits(Consumer<String> log) {
    this.log = log;
  }

  /**
   * A try was in vain.
   *
   * @param what waits
   */
  void inVain(String key, String what, Throwable failure, long nowMillis) {
    Long begun = since.putIfAbsent(key, nowMillis);
    if (begun == null) {
      tell(what + ": " + why(failure), nowMillis);
    } else if (nowMillis - toldMillis >= MINUTE_MILLIS) {
      String others = since.size() == 1 ? "" : ", others wait too: " + (since.size() - 1);
      tell(what + ", for " + seconds(begun, nowMillis) + others + ": " + why(failure), nowMillis);
    }
  }

  /**
   * A try was not in vain; nothing is told of a key that did not wait.
   *
   * @param what goes on
   */
  void over(String key, String what, long nowMillis) {
    Long begun = since.remove(key);
    if (begun != null) {
      tell(what + " goes on after " + seconds(begun, nowMillis), nowMillis);
    }
  }

  int size() {
    return since.size();
  }

  boolean contains(String key) {
    return since.containsKey(key);
  }

  private void tell(String line, long nowMillis) {
    toldMillis = nowMillis;
    log.accept(line);
  }

  private static String why(Throwable failure) {
    return ErrorLine.ofCauses(failure);
  }

  private static String seconds(long begunMillis, long nowMillis) {
    return (nowMillis - begunMillis) / 1_000 + " s";
  }
}
