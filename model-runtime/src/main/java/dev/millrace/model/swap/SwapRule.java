package dev.millrace.model.swap;

import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Whether an event may take an alias over. */
public final class SwapRule {

  private SwapRule() {}

  /**
   * What an alias follows once an event has taken it over. What people write has no trainer: the
   * last trainer goes on, and what it writes counts once it has read what they ordered. No order
   * stands behind the event: if one seems to, its topic was made anew, and nobody could read as
   * far. Whoever is held stays so until another order is given.
   */
  public static ReleaseEvent followed(ReleaseEvent event, @Nullable ReleaseEvent current) {
    Long read = current == null ? event.read() : current.read();
    long here = event.origin().offset();
    ReleaseEvent followed =
        event.withRead(
            event.isOrder() || (read != null && read > here) ? Long.valueOf(here) : read);
    if (current != null && current.pins() && !event.isOrder()) {
      followed = followed.stayingPinned();
    }
    return event.epoch() == 0 && current != null ? followed.withEpoch(current.epoch()) : followed;
  }

  /** What an alias follows once an event was read: the event, or what it followed before. */
  public static ReleaseEvent after(ReleaseEvent event, @Nullable ReleaseEvent current) {
    return current != null && reasonNotToFollow(event, current) != null
        ? current
        : followed(event, current);
  }

  /** What an alias follows once events were read, at least one. */
  public static ReleaseEvent after(List<ReleaseEvent> events) {
    ReleaseEvent followed = null;
    for (ReleaseEvent event : events) {
      followed = after(event, followed);
    }
    return Objects.requireNonNull(followed);
  }

  /**
   * Why the event is passed over; null if it is to be applied.
   *
   * @param current the event that the alias follows now
   */
  public static @Nullable String reasonToIgnore(
      ReleaseEvent event, @Nullable ReleaseEvent current) {
    if (event.kind() != Kind.ADAPTER) {
      return "kind-unsupported: " + event.kind() + ", expected " + Kind.ADAPTER;
    }
    return reasonNotToFollow(event, current);
  }

  /** The same of any kind, by whoever follows it: kinds have lines of their own. */
  public static @Nullable String reasonNotToFollow(
      ReleaseEvent event, @Nullable ReleaseEvent current) {
    if (current == null) {
      return null;
    }
    if (event.epoch() != 0 && event.epoch() < current.epoch()) {
      return "fenced: trainer of " + event.epoch() + ", expected at least " + current.epoch();
    }
    if (isOvertaken(event, current)) {
      return "overtaken: its trainer had read to offset %d, expected the order at %d"
          .formatted(event.read(), current.read());
    }
    if (event.action() != Action.PUBLISH) {
      return event.epoch() != 0 && current.action() == Action.PIN ? pinned(current) : null;
    }
    boolean later = event.epoch() > current.epoch(); // even with what is live already it takes over
    if (!later
        && event.release().equals(current.release())
        && event.withheld() >= current.withheld()) {
      return "already-live: " + event.release();
    }
    if (current.action() == Action.PIN) {
      return pinned(current);
    }
    if (event.kind() == Kind.BASE) { // people release bases, each after what they last saw
      return event.batch() < current.batch() ? older(event, current) : null;
    }
    String parent = Objects.requireNonNullElse(event.parent(), "");
    if (parent.equals(current.release())) {
      return null; // also of a trainer that counts its batches anew
    }
    // who took it back is fenced, or was obeyed by a trainer that says it had read as far
    boolean knows = event.read() != null && (later || current.read() != null);
    if (current.action() != Action.PUBLISH && !knows) {
      return "taken-back: parent is " + parent + ", expected " + current.release();
    }
    return event.batch() < current.batch() ? older(event, current) : null;
  }

  /**
   * Whether an event that may take its alias over does so although what it names cannot be had now:
   * nothing may go on answering in place of what people ordered, nor the base where nothing is
   * followed yet. What is to be forgotten does not even answer in place of what is invalid, nor
   * does the base in place of what was ordered first.
   *
   * @param current the event that the alias follows now
   */
  static boolean isFollowedUnread(
      ReleaseEvent event, @Nullable ReleaseEvent current, Exception failure) {
    if (event.kind() == Kind.BASE) {
      return false;
    }
    boolean passing = isPassing(failure);
    boolean ordered = event.action() != Action.PUBLISH;
    boolean first = current == null;
    if (event.withheld() > 0) {
      return first; // it only stands beside the release that it would succeed
    }
    return event.action() == Action.FORGET || (ordered && first) || (passing && (ordered || first));
  }

  /**
   * What is followed of an event that could not be had. What is no release here holds no domain:
   * learn refuses such a pin too, and what it publishes is followed.
   */
  static ReleaseEvent unread(ReleaseEvent event, Exception failure) {
    return event.action() == Action.PIN && !isPassing(failure)
        ? event.withAction(Action.ROLLBACK)
        : event;
  }

  private static boolean isPassing(Exception failure) {
    return failure instanceof IOException && !(failure instanceof ReleaseRefusedException);
  }

  /**
   * Whether an event names the very files that its alias follows already. It is followed without
   * reading them: what answers by them answers on, and if they cannot be used here, nothing does.
   */
  static boolean namesTheSame(ReleaseEvent event, @Nullable ReleaseEvent current) {
    return current != null
        && event.release().equals(current.release())
        && event.uri().equals(current.uri())
        && event.batch() == current.batch()
        && event.withheld() == 0
        && current.withheld() == 0;
  }

  private static String older(ReleaseEvent event, ReleaseEvent current) {
    return "batch-older: " + event.batch() + ", expected at least " + current.batch();
  }

  /** Whether it was on its way when people ordered something. */
  private static boolean isOvertaken(ReleaseEvent event, ReleaseEvent current) {
    Long read = event.epoch() == 0 ? null : event.read();
    Long order = current.read();
    return read != null && order != null && read < order;
  }

  private static String pinned(ReleaseEvent current) {
    return "pinned: to " + current.release();
  }
}
