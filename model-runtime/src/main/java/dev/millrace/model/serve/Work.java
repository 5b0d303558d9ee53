package dev.millrace.model.serve;

import dev.millrace.model.cache.AnswerCache.Hit;
import dev.millrace.model.cache.CacheKey;
import dev.millrace.model.cache.CachedAnswer;
import dev.millrace.model.swap.Lease;
import dev.millrace.schema.Answer.From;
import dev.millrace.schema.Request;
import org.jspecify.annotations.Nullable;

/** A request on its way to its answer. */
final class Work implements AutoCloseable {

  private final Request request;
  private final Lease lease;
  private int[] tokens = {};
  private @Nullable CacheKey key;
  private @Nullable CachedAnswer result;
  private @Nullable String error;
  private From from = From.NONE;

  /** Takes over the lease. */
  Work(Request request, Lease lease) {
    this.request = request;
    this.lease = lease;
  }

  Request request() {
    return request;
  }

  Lease lease() {
    return lease;
  }

  int[] tokens() {
    return tokens;
  }

  void tokens(int[] value) {
    tokens = value;
  }

  /** The name under which the answer may be shared; null if it must be computed afresh. */
  @Nullable CacheKey key() {
    return key;
  }

  void key(CacheKey value) {
    key = value;
  }

  boolean isDone() {
    return error != null || result != null;
  }

  @Nullable CachedAnswer result() {
    return result;
  }

  @Nullable String error() {
    return error;
  }

  From from() {
    return from;
  }

  void fail(String reason) {
    error = reason;
  }

  void found(Hit hit) {
    result = hit.answer();
    from = hit.from();
  }

  void computed(CachedAnswer answer) {
    result = answer;
    from = From.MODEL;
  }

  /** Ends as another work for the same key did. */
  void endLike(Work leader) {
    error = leader.error;
    result = leader.result;
    from = leader.from;
  }

  @Override
  public void close() {
    lease.close();
  }
}
