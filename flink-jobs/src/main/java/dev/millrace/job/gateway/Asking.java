package dev.millrace.job.gateway;

import dev.millrace.schema.Answer;
import dev.millrace.schema.Chunk;
import dev.millrace.schema.Request;
import dev.millrace.schema.wire.Requests;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.ObjIntConsumer;
import org.jspecify.annotations.Nullable;

/** Takes a call's requests to the desk, no more of an account than it may have under way. */
record Asking(Desk desk, Admission admission, Meter meter) {

  /**
   * Asks; gives all answers when they are there. Where one fails nobody waits for the others, which
   * are taken out of the serve job's batch.
   *
   * @throws ApiProblem if the account has too many under way
   */
  CompletableFuture<List<Answer>> all(
      ApiKeys.Caller caller, List<Request> requests, @Nullable String key) {
    List<CompletableFuture<Answer>> asked = each(caller, requests, key, (chunk, choice) -> {});
    CompletableFuture<List<Answer>> all = new CompletableFuture<>();
    AtomicBoolean failed = new AtomicBoolean();
    for (CompletableFuture<Answer> one : asked) {
      var unused =
          one.exceptionally(
              failure -> {
                if (failed.compareAndSet(false, true)) { // else it is one of those others
                  abandon(requests);
                  all.completeExceptionally(failure);
                }
                return null;
              });
    }
    var unused =
        CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
            .thenRun(() -> all.complete(asked.stream().map(CompletableFuture::join).toList()));
    return all;
  }

  /**
   * Asks; what fails, fails in its future, and what comes after it with it: where the broker is
   * away, each would wait for it before it fails. If one is refused at once, none is asked. A
   * request's place is free again before its future is done, so that whoever has all answers may
   * ask as much again.
   *
   * @param chunks is given what comes before the answers, and of which request
   * @throws ApiProblem if the account has too many under way
   */
  List<CompletableFuture<Answer>> each(
      ApiKeys.Caller caller,
      List<Request> requests,
      @Nullable String key,
      ObjIntConsumer<Chunk> chunks) {
    admission.enter(caller.account(), requests.size());
    meter.begun();
    long start = System.nanoTime();
    AtomicInteger left = new AtomicInteger(requests.size());
    List<CompletableFuture<Answer>> asked = new ArrayList<>();
    CompletableFuture<Answer> last = checked(requests);
    for (Request request : requests) {
      int choice = asked.size();
      if (!last.isCompletedExceptionally()) {
        last = ask(request, key, chunk -> chunks.accept(chunk, choice));
      }
      asked.add(
          last.whenComplete(
              (answer, failure) -> {
                meter.took(answer, System.nanoTime() - start);
                admission.leave(caller.account(), 1);
                if (left.decrementAndGet() == 0) {
                  meter.ended();
                }
              }));
    }
    return asked;
  }

  /** Fails if one of them will be refused, whatever comes of the others. */
  private static CompletableFuture<Answer> checked(List<Request> requests) {
    for (Request request : requests) {
      String problem = Requests.problem(request);
      if (problem != null) {
        return CompletableFuture.failedFuture(ApiProblem.refused(problem));
      }
    }
    return new CompletableFuture<>();
  }

  private CompletableFuture<Answer> ask(
      Request request, @Nullable String key, Consumer<Chunk> chunks) {
    try {
      return desk.ask(request, key, chunks);
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /** Nobody waits for what of these is still asked. */
  void abandon(List<Request> requests) {
    requests.forEach(desk::abandon);
  }
}
