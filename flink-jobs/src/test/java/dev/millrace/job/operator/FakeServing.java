package dev.millrace.job.operator;

import dev.millrace.model.serve.Responder;
import dev.millrace.model.swap.Lease;
import dev.millrace.model.swap.LiveReleases;
import dev.millrace.model.swap.SwapResult;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.schema.Answer;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** Answers by the name of the release that was applied last; each batch takes one permit. */
final class FakeServing implements Responder, LiveReleases {
  final Semaphore permits;
  private final Set<String> broken;
  private volatile @Nullable String current;

  FakeServing(int permits, String... broken) {
    this.permits = new Semaphore(permits);
    this.broken = Set.of(broken);
  }

  Opener<Serving> opener() {
    return subtask -> new Opened<>(new Serving(this, this), () -> {});
  }

  @Override
  public List<Answer> respond(List<Request> requests) {
    try {
      permits.acquire();
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
    return requests.stream().map(this::answer).toList();
  }

  private Answer answer(Request request) {
    return new Answer(
        request.id(),
        request.origin(),
        request.tenant(),
        request.domain(),
        request.task(),
        null,
        "",
        0,
        0,
        0,
        new float[0],
        current,
        "base",
        List.of(),
        Answer.From.MODEL,
        0,
        0,
        0);
  }

  @Override
  public CompletableFuture<SwapResult> apply(ReleaseEvent event, long readMillis) {
    if (broken.contains(event.release())) {
      return CompletableFuture.completedFuture(
          new SwapResult(event, Outcome.FAILED, "digest-mismatch: 1, expected 2", 0));
    }
    current = event.release().isEmpty() ? null : event.release();
    return CompletableFuture.completedFuture(new SwapResult(event, Outcome.SWAPPED, "", 0));
  }

  @Override
  public Lease acquire(@Nullable String tenant, @Nullable String domain) {
    throw new UnsupportedOperationException("the fake answers by itself");
  }

  @Override
  public Lease assign(@Nullable String tenant, int[] text) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Lease acquirePinned(@Nullable String tenant, String release) {
    throw new UnsupportedOperationException("the fake answers by itself");
  }

  @Override
  public void close() {}
}
