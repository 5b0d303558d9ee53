package dev.millrace.job.sql;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.Tail;
import dev.millrace.job.io.Topics;
import dev.millrace.job.operator.serve.Serving;
import dev.millrace.model.base.DaemonThreads;
import dev.millrace.model.serve.Answered;
import dev.millrace.model.swap.SwapResult;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseLine;
import dev.millrace.schema.Request;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.InvalidRecordException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers in this process by the releases that the topic names, as the serve job does. */
final class LocalServing implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(LocalServing.class);

  private final Serving serving;
  private final InstantSource clock;
  private final AtomicLong tickets = new AtomicLong();
  private final Map<Long, CompletableFuture<Answer>> waiting = new ConcurrentHashMap<>();
  private final Thread stepper;
  private final long againMillis;
  private final ScheduledExecutorService again =
      Executors.newSingleThreadScheduledExecutor(new DaemonThreads("millrace-sql-again"));

  /** Events that were read, and are neither followed nor passed over yet; by their places. */
  private final Map<Origin, ReleaseEvent> unsettled = new HashMap<>();

  /** Of each line of releases, where the last event stands that was followed. */
  private final Map<ReleaseLine, Origin> followed = new HashMap<>();

  private @Nullable Tail<ReleaseEvent> releases;
  private volatile boolean closed;
  private volatile @Nullable Throwable failure;

  /**
   * @param againMillis between two tries at a publication that cannot be read
   */
  LocalServing(Serving serving, ClassLoader userCode, InstantSource clock, long againMillis) {
    this.serving = serving;
    this.clock = clock;
    this.againMillis = againMillis;
    stepper = new DaemonThreads("millrace-sql").newThread(this::answer);
    stepper.setContextClassLoader(userCode);
  }

  /**
   * Loads what is current, and follows the topic from there.
   *
   * @throws IllegalStateException if the broker does not answer or has no such topic
   * @throws InterruptedException if the caller is interrupted
   */
  static LocalServing start(
      Serving serving, KafkaConfig kafka, ClassLoader userCode, InstantSource clock)
      throws Exception {
    LocalServing local = new LocalServing(serving, userCode, clock, Serving.AGAIN_MILLIS);
    String topic = new Topics(kafka.prefix()).releases();
    RecordReader reader = RecordReader.fromBeginning(kafka, List.of(topic));
    try {
      local.begin(decoded(reader.readToEnd()));
    } catch (Exception e) {
      local.close();
      reader.close();
      throw e;
    }
    local.releases =
        Tail.start(
            topic,
            reader,
            Codecs.releases(),
            (event, at) -> {
              var unused = local.follow(event); // it never fails, and tells what became of it
            });
    local.stepper.start();
    return local;
  }

  private static List<ReleaseEvent> decoded(List<RawRecord> records) {
    List<ReleaseEvent> events = new ArrayList<>();
    for (RawRecord raw : records) {
      try {
        events.add(raw.as(Codecs.releases()));
      } catch (InvalidRecordException e) {
        LOG.warn("the release event at {} is passed over: {}", raw.origin(), e.getMessage());
      }
    }
    return events;
  }

  /** Follows what the topic has come to. */
  void begin(List<ReleaseEvent> events) throws Exception {
    serving.begin(
        events.stream().map(LocalServing::withoutIds).toList(), clock::millis, this::first);
  }

  /** Of samples that learn forgets: up to 5 MB of them would stay for each domain. */
  private static ReleaseEvent withoutIds(ReleaseEvent event) {
    return event.forgetting(List.of());
  }

  /** The first time; what cannot be read now is tried again. */
  synchronized CompletableFuture<SwapResult> follow(ReleaseEvent event) {
    unsettled.put(event.origin(), event);
    Origin last = followed.get(event.line());
    if (last != null && last.offset() >= event.origin().offset()) {
      followed.remove(event.line()); // the topic was made anew: it stands before all
    }
    return apply(event)
        .thenApply(
            result -> {
              first(result);
              return result;
            });
  }

  private void first(SwapResult result) {
    tell(result);
    settle(result);
  }

  private CompletableFuture<SwapResult> apply(ReleaseEvent event) {
    return serving.releases().apply(withoutIds(event), clock.millis());
  }

  private synchronized void settle(SwapResult result) {
    ReleaseEvent event = result.event();
    if (result.mayComeLater()) {
      unsettled.put(event.origin(), event);
      tryLater(event);
      return;
    }
    unsettled.remove(event.origin());
    if (result.outcome() == Outcome.SWAPPED) {
      followed.put(event.line(), event.origin());
    }
  }

  private void tryLater(ReleaseEvent event) {
    if (!closed) {
      var unused = again.schedule(() -> tryAgain(event), againMillis, MILLISECONDS);
    }
  }

  /**
   * Unless its domain has gone on from what came after it: then it must not come back. While that
   * may be so soon, it waits.
   */
  synchronized void tryAgain(ReleaseEvent event) {
    Origin last = followed.get(event.line());
    if (last != null && last.offset() > event.origin().offset()) {
      first(new SwapResult(event, Outcome.IGNORED, "overtaken: its domain has gone on", 0));
    } else if (unsettled.values().stream().anyMatch(later -> mayTakeOver(later, event))) {
      tryLater(event);
    } else {
      var unused =
          apply(event)
              .thenAccept(
                  result -> {
                    if (!result.mayComeLater()) {
                      tell(result);
                    }
                    settle(result);
                  });
    }
  }

  /** A trial only stands beside what it would succeed. */
  private static boolean mayTakeOver(ReleaseEvent later, ReleaseEvent event) {
    return later.line().equals(event.line())
        && later.origin().offset() > event.origin().offset()
        && later.withheld() == 0;
  }

  private static void tell(SwapResult result) {
    if (result.outcome() == Outcome.IGNORED || result.reason().isEmpty()) {
      LOG.info("release {}: {}", result.event().release(), result.outcome());
    } else {
      LOG.warn("release {} is not served: {}", result.event().release(), result.reason());
    }
  }

  /** Asks; the future fails if the model cannot go on at all. */
  CompletableFuture<Answer> ask(Request request) {
    long ticket = tickets.getAndIncrement();
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    waiting.put(ticket, answer);
    serving.responder().submit(ticket, request);
    Throwable ended = failure;
    if (ended != null) {
      answer.completeExceptionally(ended);
    }
    return answer;
  }

  /** Until it is closed, or the model cannot go on. */
  void answer() {
    try {
      while (!closed) {
        for (Answered done : serving.responder().step()) {
          CompletableFuture<Answer> asked = waiting.remove(done.ticket());
          if (asked != null) {
            asked.complete(done.answer());
          }
        }
      }
    } catch (InterruptedException e) {
      end(e);
    } catch (RuntimeException | Error e) { // else whoever asked would wait for ever
      LOG.error("answering ended", e);
      end(e);
    }
  }

  private void end(Throwable why) {
    failure = why;
    waiting.values().forEach(asked -> asked.completeExceptionally(why));
  }

  /** Returns when nothing here uses the model any more. */
  @Override
  public void close() {
    closed = true;
    if (releases != null) {
      releases.close();
    }
    again.shutdownNow();
    stepper.interrupt();
    boolean interrupted = false;
    while (stepper.isAlive()) {
      try {
        stepper.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
