package dev.millrace.job.gateway;

import dev.millrace.job.console.Latest;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.model.base.DaemonThreads;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Chunk;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Request;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.ErrorLine;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends requests over the topic, and matches the answers that come back. */
final class Desk implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Desk.class);
  private static final int REMEMBERED = 10_000;
  private static final int MOST_CANCELLING = 10_000;
  private static final Duration CLOSING = Duration.ofSeconds(5);

  private final RecordWriter writer;
  private final Topics topics;
  private final Duration patience;
  private final Map<String, Waiting> waiting = new ConcurrentHashMap<>();
  private volatile boolean ended;

  /** It may wait for the broker, which those who end a request must not: timers and readers. */
  private final ExecutorService cancelling =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(MOST_CANCELLING),
          new DaemonThreads("millrace-cancel"));

  /**
   * @param heard when it was asked, or something of it came last, {@link System#nanoTime()}
   */
  private record Waiting(
      CompletableFuture<Answer> answer, Consumer<Chunk> chunks, AtomicLong heard) {

    long silentMillis() {
      return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - heard.get());
    }
  }

  /** What was answered last, so that feedback can name it; guarded by itself. */
  private final Latest<Given> answered = new Latest<>(REMEMBERED);

  /** What is kept of an answer that was given: whose it is, and of which domain. */
  record Given(String request, @Nullable String tenant, @Nullable String domain) {}

  Desk(RecordWriter writer, Topics topics, Duration patience) {
    this.writer = writer;
    this.topics = topics;
    this.patience = patience;
  }

  /**
   * Asks; the future fails with an {@link ApiProblem}.
   *
   * @param key requests under one key are answered in their order; null has no order to keep
   * @param chunks is given the chunks of the answer that come before it
   * @throws ApiProblem if the door is being closed
   */
  CompletableFuture<Answer> ask(Request request, @Nullable String key, Consumer<Chunk> chunks) {
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    Waiting asked = new Waiting(answer, chunks, new AtomicLong(System.nanoTime()));
    waiting.put(request.id(), asked);
    if (ended) { // and did not see it waiting
      waiting.remove(request.id());
      throw ApiProblem.ending();
    }
    CompletableFuture<Origin> written =
        writer.append(
            topics.requests(), key == null ? request.id() : key, Codecs.requests().encode(request));
    var unused =
        written.exceptionally(
            failure -> {
              answer.completeExceptionally(
                  ApiProblem.unwritten("the request was not written", failure));
              return null;
            });
    watch(asked, patience.toMillis());
    return answer
        .whenComplete((done, failure) -> forget(request, key, done))
        .thenApply(found -> require(found, written.isDone()));
  }

  /** Ends the waiting once nothing has come for as long as the patience lasts. */
  private void watch(Waiting asked, long millis) {
    CompletableFuture<Void> timer =
        new CompletableFuture<Void>().completeOnTimeout(null, millis, TimeUnit.MILLISECONDS);
    var unused =
        timer.thenRun(
            () -> {
              long left = patience.toMillis() - asked.silentMillis();
              if (left > 0) {
                watch(asked, left);
              } else {
                asked.answer().complete(null);
              }
            });
    var unusedToo = asked.answer().whenComplete((answer, failure) -> timer.cancel(false));
  }

  private void forget(Request request, @Nullable String key, @Nullable Answer answer) {
    waiting.remove(request.id());
    if (answer == null) {
      try {
        cancelling.execute(() -> cancel(request, key));
      } catch (RejectedExecutionException e) {
        LOG.warn("request {} was not cancelled: {}", request.id(), ErrorLine.of(e));
      }
    }
  }

  /**
   * Nobody waits any more: the request is taken out of the serve job's batch, and its future fails,
   * unless its answer has come.
   */
  void abandon(Request request) {
    Waiting asked = waiting.get(request.id());
    if (asked != null) {
      asked.answer().complete(null);
    }
  }

  private void cancel(Request request, @Nullable String key) {
    String at = key == null ? request.id() : key;
    var unused =
        writer
            .append(topics.requests(), at, Codecs.requests().encode(cancelling(request)))
            .whenComplete(
                (written, failure) -> {
                  if (failure != null) {
                    LOG.warn(
                        "request {} was not cancelled: {}", request.id(), ErrorLine.of(failure));
                  }
                });
  }

  private static Request cancelling(Request r) {
    return Request.builder("cancel-" + r.id(), r.task(), "")
        .tenant(r.tenant())
        .domain(r.domain())
        .release(r.release())
        .maxTokens(r.maxTokens())
        .cached(false)
        .eventTimeMillis(r.eventTimeMillis())
        .cancels(r.id())
        .origin(r.origin())
        .build();
  }

  private Answer require(@Nullable Answer answer, boolean written) {
    if (answer == null) {
      throw ApiProblem.late(
          "nothing of the answer came within %d s: %s"
              .formatted(
                  patience.toSeconds(),
                  written
                      ? "is a serve job running?"
                      : "the broker has not taken the request, is it running?"));
    }
    if (answer.error() != null) {
      throw ApiProblem.refused(answer.error());
    }
    return answer;
  }

  /** An answer came. */
  void take(Answer answer) {
    Waiting asked = waiting.get(answer.request());
    if (asked != null) {
      remember(answer);
      asked.answer().complete(answer);
    }
  }

  private void remember(Answer answer) {
    synchronized (answered) {
      answered.put(answer.request(), new Given(answer.request(), answer.tenant(), answer.domain()));
    }
  }

  /** A part of an answer came. */
  void take(Chunk chunk) {
    Waiting asked = waiting.get(chunk.request());
    if (asked != null) {
      asked.heard().set(System.nanoTime());
      asked.chunks().accept(chunk);
    }
  }

  /** One of the last answers given here. */
  @Nullable Given find(String request) {
    synchronized (answered) {
      return answered.peek(request);
    }
  }

  /** Whoever still waits is told that no answer comes, and its request is cancelled. */
  void end() {
    ended = true;
    waiting.values().forEach(asked -> asked.answer().completeExceptionally(ApiProblem.ending()));
  }

  /** Lets what is being cancelled be written, unless the broker is away. */
  @Override
  public void close() {
    cancelling.shutdown();
    if (!DaemonThreads.end(cancelling, CLOSING)) {
      cancelling.shutdownNow();
    }
  }
}
