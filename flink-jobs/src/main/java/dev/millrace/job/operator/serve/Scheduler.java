package dev.millrace.job.operator.serve;

import dev.millrace.job.config.ServeConfig;
import dev.millrace.job.config.ServeConfig.WhenFull;
import dev.millrace.job.operator.Due;
import dev.millrace.job.operator.KeyedAnswer;
import dev.millrace.job.operator.KeyedRequest;
import dev.millrace.model.serve.Answered;
import dev.millrace.model.serve.Responder;
import dev.millrace.model.swap.Caller;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Media;
import dev.millrace.schema.Request;
import dev.millrace.schema.wire.Limits;
import dev.millrace.schema.wire.Requests;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import org.apache.flink.streaming.runtime.tasks.ProcessingTimeService;
import org.jspecify.annotations.Nullable;

/**
 * Schedules the requests of a subtask: tenants take turns until the responder's batch is full, what
 * is late goes out of turn, and what finds no room is refused. Each is answered once; a tenant's
 * answers under one key leave in the order of their requests. All calls are the task thread's.
 */
final class Scheduler {

  /** What a text takes beside its own bytes: there may be millions of empty ones. */
  private static final int TEXT_BYTES = 64;

  private final ServeConfig limits;
  private final Responder responder;
  private final ProcessingTimeService timers;
  private final ServeFigures figures;
  private final Consumer<KeyedAnswer> out;
  private final Line line;
  private final FairQueue<Line.Place> queue;

  /** Requests that the responder has. */
  private int running;

  /**
   * @param out is given each answer when it leaves
   */
  Scheduler(
      ServeConfig limits,
      Responder responder,
      ProcessingTimeService timers,
      ServeFigures figures,
      Consumer<KeyedAnswer> out) {
    this.limits = limits;
    this.responder = responder;
    this.timers = timers;
    this.figures = figures;
    this.out = out;
    this.line = new Line(this::leave);
    this.queue =
        new FairQueue<>(
            limits.queue(),
            limits.tenantShare(),
            place -> weight(place.request()),
            place -> responder.fetching().contains(place.ticket()));
  }

  /** Requests that have no answer yet. */
  int size() {
    return line.size();
  }

  /** The same, in the order of arrival. */
  List<KeyedRequest> requests() {
    return line.requests();
  }

  /** What waits for a release, or for its picture to be decoded, takes no place of others. */
  int atTheModel() {
    return running - responder.fetching().size();
  }

  /** Lets in again what had no answer before a restart, whatever the bounds say. */
  void resume(List<KeyedRequest> requests) {
    for (KeyedRequest request : requests) {
      if (request.request().cancels() == null) {
        queue.add(request.request().tenant(), admitted(request));
      } else {
        cancel(request);
      }
    }
    startMore();
  }

  /** The answer, if it is known and may leave at once: then the request need not enter. */
  @Nullable Answer known(KeyedRequest request) {
    return request.request().cancels() == null && line.isFirst(request)
        ? responder.known(request.request(), Caller.of(request.keyOrId()))
        : null;
  }

  /** Whether whoever reads requests is to wait before this one enters. */
  boolean mustWait(KeyedRequest request) {
    return limits.whenFull() == WhenFull.WAIT && !hasRoom(request.request());
  }

  /** What cancels takes no place in the queue, and yet cannot be as many as one likes. */
  private boolean hasRoom(Request request) {
    return request.cancels() == null
        ? queue.hasRoom(weight(request))
        : line.size() < 2L * limits.queue();
  }

  /** The queue is state: what is large counts as the longest prompts that would take its room. */
  private static int weight(Request request) {
    Media media = request.media();
    int bytes = utf8(request.prompt()) + (media == null ? 0 : media.bytes().length);
    for (String stop : request.stop()) {
      bytes += TEXT_BYTES + utf8(stop);
    }
    return 1 + Math.max(0, bytes - 1) / Limits.PROMPT_BYTES;
  }

  private static int utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  /** Lets a request in, or refuses it or one that gives way to it. */
  void enter(KeyedRequest request) {
    if (request.request().cancels() == null) {
      enqueue(request);
      startMore();
    } else if (hasRoom(request.request())) {
      cancel(request);
    } else {
      String reason =
          "overloaded: %d requests have no answer yet, expected at most %d"
              .formatted(line.size(), 2L * limits.queue());
      refuse(line.add(request), reason);
    }
  }

  private void enqueue(KeyedRequest request) {
    String tenant = request.request().tenant();
    if (limits.whenFull() == WhenFull.WAIT) {
      queue.add(tenant, admitted(request)); // whatever its share: who waits here stops all others
      return;
    }
    Line.Place refused = queue.offer(tenant, admitted(request));
    if (refused != null) {
      refuse(refused, overload(refused));
    }
  }

  /** A place in the line, which is left in time: what waits for its turn may be late before it. */
  private Line.Place admitted(KeyedRequest request) {
    Line.Place place = line.add(request);
    long deadline = request.request().deadlineMillis();
    if (deadline > 0) {
      place.until(timers.registerTimer(Due.after(deadline, 1), time -> overdue(place)));
    }
    return place;
  }

  /** Only the responder answers late requests, and asks the model nothing for them. */
  private void overdue(Line.Place place) {
    if (!place.isTaken() && !place.isAnswered()) {
      queue.take(place.request().tenant(), place);
      start(place);
    }
  }

  /** Waits for nobody: what is refused must not make the line longer. */
  private void refuse(Line.Place place, String reason) {
    figures.overloaded();
    if (place.isTaken()) {
      responder.cancel(place.ticket(), reason);
    }
    place.take();
    out.accept(place.keyed(responder.bare(place.request(), reason)));
    line.remove(place);
  }

  /** A place is a request's, or several are one's that is large. */
  private String overload(Line.Place place) {
    FairQueue.Held held = queue.with(place.request().tenant(), place);
    return "overloaded: %d places would be taken, expected at most %d; %d of them by this tenant, expected at most %d beside others"
        .formatted(held.all(), limits.queue(), held.own(), queue.share());
  }

  /** Gives the responder what waits, as long as its batch has room. */
  private void startMore() {
    while (atTheModel() < limits.batchSize()) {
      Line.Place next = queue.take();
      if (next == null) {
        return;
      }
      start(next);
    }
  }

  private void start(Line.Place place) {
    place.take();
    running++;
    responder.submit(place.ticket(), place.request(), place.caller());
  }

  /** Whether it still waits for its answer: nothing more may be said of one that was refused. */
  boolean awaits(long ticket) {
    return line.at(ticket) != null;
  }

  /** The responder has answered these, perhaps none, and may have room. */
  void stepped(List<Answered> all) {
    for (Answered answered : all) {
      running--;
      Line.Place place = line.at(answered.ticket());
      if (place != null) { // else it was refused meanwhile
        line.answer(place, answered.answer());
      }
    }
    startMore();
  }

  private void leave(Line.Place place, Answer answer) {
    if (place.request().cancels() == null) {
      queue.close(place.request().tenant(), place);
    }
    figures.took(place.arrivedNanos());
    out.accept(place.keyed(answer));
  }

  /** Its own answer comes after that of the request that it cancels. */
  private void cancel(KeyedRequest whole) {
    KeyedRequest request = whole.withoutQuestion();
    Line.Place found = line.find(request);
    String problem = Requests.problem(request.request());
    if (problem == null && found == null) {
      problem = "unknown-request: " + request.request().cancels() + " has no answer to come";
    }
    line.answer(line.add(request), responder.bare(request.request(), problem));
    if (problem == null && found != null) {
      cancel(found, "cancelled: by " + request.request().id());
    }
  }

  private void cancel(Line.Place place, String reason) {
    figures.cancelled();
    if (place.isTaken()) {
      responder.cancel(place.ticket(), reason);
    } else {
      queue.take(place.request().tenant(), place);
      line.answer(place, responder.bare(place.request(), reason));
    }
  }
}
