package dev.millrace.job.operator.serve;

import dev.millrace.job.operator.KeyedAnswer;
import dev.millrace.job.operator.KeyedRequest;
import dev.millrace.model.swap.Caller;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Request;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Requests of a subtask that have no answer, in the order of arrival. A tenant's answers under one
 * key leave in the order of their requests; others overtake.
 */
final class Line {

  private final BiConsumer<Place, Answer> leaving;
  private final Map<Long, Place> places = new LinkedHashMap<>();
  private final Map<Owner, Deque<Place>> byOwner = new HashMap<>();
  private long tickets;

  /** Whose answers keep their order: tenants choose their keys without knowing of each other. */
  private record Owner(@Nullable String tenant, ByteBuffer key) {

    static Owner of(KeyedRequest request) {
      return new Owner(request.request().tenant(), request.keyOrId());
    }
  }

  /** A request's place in the line. */
  static final class Place {
    private final long ticket;
    private final KeyedRequest request;
    private final Owner owner;
    private final long arrivedNanos = System.nanoTime();
    private boolean taken;
    private @Nullable Future<?> overdue;
    private @Nullable Answer answer;

    private Place(long ticket, KeyedRequest request) {
      this.ticket = ticket;
      this.request = request;
      this.owner = Owner.of(request);
    }

    long ticket() {
      return ticket;
    }

    Request request() {
      return request.request();
    }

    long caller() {
      return Caller.of(owner.key());
    }

    /** The answer, under the caller's key. */
    KeyedAnswer keyed(Answer own) {
      return new KeyedAnswer(request.key(), own);
    }

    /** When it came, of {@link System#nanoTime}. */
    long arrivedNanos() {
      return arrivedNanos;
    }

    /** Whether somebody is at it. */
    boolean isTaken() {
      return taken;
    }

    void take() {
      taken = true;
      cancelOverdue();
    }

    /** Until somebody is at it, or it is answered, this timer runs. */
    void until(Future<?> timer) {
      overdue = timer;
    }

    private void answer(Answer own) {
      answer = own;
      cancelOverdue();
    }

    private void cancelOverdue() {
      if (overdue != null) {
        overdue.cancel(false);
      }
    }

    boolean isAnswered() {
      return answer != null;
    }
  }

  /**
   * @param leaving is given each request and its answer when they leave
   */
  Line(BiConsumer<Place, Answer> leaving) {
    this.leaving = leaving;
  }

  int size() {
    return places.size();
  }

  /** Whether an answer to this request could leave at once. */
  boolean isFirst(KeyedRequest request) {
    return !byOwner.containsKey(Owner.of(request));
  }

  Place add(KeyedRequest request) {
    Place place = new Place(tickets++, request);
    places.put(place.ticket, place);
    byOwner.computeIfAbsent(place.owner, owner -> new ArrayDeque<>(2)).add(place);
    return place;
  }

  /** Null if it has left. */
  @Nullable Place at(long ticket) {
    return places.get(ticket);
  }

  /** The latest request of that id and tenant under the key that has no answer; null if none. */
  @Nullable Place find(KeyedRequest canceller) {
    Place found = null;
    String meant = canceller.request().cancels();
    for (Place place : byOwner.getOrDefault(Owner.of(canceller), new ArrayDeque<>())) {
      found = place.request().id().equals(meant) && !place.isAnswered() ? place : found;
    }
    return found;
  }

  /** Answers a request: it leaves when those before it under its key have left. */
  void answer(Place place, Answer answer) {
    place.answer(answer);
    Deque<Place> line = byOwner.getOrDefault(place.owner, new ArrayDeque<>());
    for (Place first = line.peek(); first != null && first.answer != null; first = line.peek()) {
      line.remove();
      places.remove(first.ticket);
      leaving.accept(first, first.answer);
    }
    if (line.isEmpty()) {
      byOwner.remove(place.owner);
    }
  }

  /** Takes a request out of the line. */
  void remove(Place place) {
    places.remove(place.ticket);
    Deque<Place> line = byOwner.getOrDefault(place.owner, new ArrayDeque<>());
    line.remove(place);
    Place first = line.peek();
    if (first == null) {
      byOwner.remove(place.owner);
    } else if (first.answer != null) {
      answer(first, first.answer);
    }
  }

  /** All that have no answer yet, in the order of arrival. */
  List<KeyedRequest> requests() {
    return places.values().stream().map(place -> place.request).toList();
  }
}
