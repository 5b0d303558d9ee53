package dev.millrace.model.serve;

import dev.millrace.model.align.Input;
import dev.millrace.model.base.Prefix;
import dev.millrace.model.cache.AnswerCache.Hit;
import dev.millrace.model.cache.CacheKey;
import dev.millrace.model.cache.CachedAnswer;
import dev.millrace.model.cache.SemanticTier;
import dev.millrace.model.cache.SemanticTier.Similar;
import dev.millrace.model.swap.Lease;
import dev.millrace.schema.Answer.From;
import dev.millrace.schema.Request;
import org.jspecify.annotations.Nullable;

/** A request on its way to its answer. */
final class Work implements AutoCloseable {

  private final long ticket;
  private final Request request;
  private Lease lease;
  private @Nullable Input media;
  private Prefix prefix = Prefix.NONE;
  private int[] tokens = {};
  private int mayAdd;
  private @Nullable CacheKey key;
  private boolean leads;
  private boolean left;
  private @Nullable CachedAnswer result;
  private @Nullable String error;
  private From from = From.NONE;
  private @Nullable Similar similar;
  private float[] vector = {};
  private SemanticTier.Own own = answer -> {};

  /** Takes over the lease. */
  Work(long ticket, Request request, Lease lease) {
    this.ticket = ticket;
    this.request = request;
    this.lease = lease;
  }

  long ticket() {
    return ticket;
  }

  Request request() {
    return request;
  }

  Lease lease() {
    return lease;
  }

  /** Gives the lease back, and takes over another. */
  void hold(Lease other) {
    lease.close();
    lease = other;
  }

  /** Its picture or sound, once it is decoded; null where none is to be. */
  @Nullable Input media() {
    return media;
  }

  void media(Input value) {
    media = value;
  }

  /** What stands before the tokens. */
  Prefix prefix() {
    return prefix;
  }

  void prefix(Prefix value) {
    prefix = value;
  }

  /** Positions that the model reads. */
  int positions() {
    return prefix.length() + tokens.length;
  }

  int[] tokens() {
    return tokens;
  }

  void tokens(int[] value) {
    tokens = value;
  }

  /** How many tokens it may add to them. */
  int mayAdd() {
    return mayAdd;
  }

  void mayAdd(int value) {
    mayAdd = value;
  }

  /** The name under which the answer may be shared; null if it must be computed afresh. */
  @Nullable CacheKey key() {
    return key;
  }

  void key(CacheKey value) {
    key = value;
  }

  /** Whether others wait for what this computes. */
  boolean leads() {
    return leads;
  }

  void lead() {
    leads = true;
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

  /** Ends it for a reason that is its own, not that of others who ask the same. */
  void leave(String reason) {
    left = true;
    fail(reason);
  }

  boolean hasLeft() {
    return left;
  }

  void found(Hit hit) {
    result = similar == null ? hit.answer() : hit.answer().to(positions());
    from = hit.from();
  }

  /** A similar question's answer, which others who wait may get too. */
  void similar(Similar value) {
    similar = value;
  }

  @Nullable Similar similar() {
    return similar;
  }

  /** Of the question whose answer this is; 0 if it is this one's own. */
  double similarity() {
    return similar == null ? 0 : similar.hit().similarity();
  }

  /** (hidden_size): what similar questions are found by; empty until it is embedded. */
  float[] vector() {
    return vector;
  }

  void embedded(float[] value) {
    vector = value;
  }

  /** Who is to be told what the model says. */
  void tells(SemanticTier.Own listener) {
    own = listener;
  }

  /** Takes what the model computed, if all of it are numbers. */
  void computed(CachedAnswer answer) {
    String problem = problem(answer);
    if (problem == null) {
      result = answer.to(positions());
      from = From.MODEL;
      own.is(result);
    } else {
      fail("model-failed: " + problem);
    }
  }

  private static @Nullable String problem(CachedAnswer answer) {
    for (float value : answer.embedding()) {
      if (!Float.isFinite(value)) {
        return "an embedding with " + value + ", expected finite numbers";
      }
    }
    return Double.isFinite(answer.logProb())
        ? null
        : "log-probability " + answer.logProb() + ", expected a finite one";
  }

  @Override
  public void close() {
    lease.close();
  }
}
