package dev.millrace.schema;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A domain's alias now names this release.
 *
 * @param release the release id: SHA-256 of its canonical manifest, hexadecimal; empty where a
 *     domain is taken back to the base alone
 * @param uri the release folder, through Flink's FileSystem
 * @param parent the release it succeeds; null for the first
 * @param batch the number of the last batch it learned
 * @param reason why the event was written
 * @param origin where the event was read; offset -1 before it is written
 * @param epoch when the trainer that wrote it was submitted, epoch milliseconds; of two trainers of
 *     a domain only the later is followed. 0 for what people write
 * @param withheld while the release is on trial, the share of the keys that the release before
 *     still answers: 1 is a shadow, 0 is no trial
 * @param forgotten ids of the samples that the domain must not know any more
 * @param read the offset up to which the trainer that wrote it had read, and obeyed, the domain's
 *     events; -1 if it had read none. Of the event that an alias follows: the offset of the last
 *     order that people gave. Null if unknown
 */
public record ReleaseEvent(
    @Nullable String tenant,
    String domain,
    Kind kind,
    Action action,
    String release,
    String uri,
    @Nullable String parent,
    long batch,
    String reason,
    Origin origin,
    long epoch,
    double withheld,
    List<String> forgotten,
    @Nullable Long read) {

  /**
   * The reason of an order to forget that leaves its domain pinned, as it was before, and of what
   * is followed after it until another order is given.
   */
  public static final String STAYS_PINNED = "samples to be forgotten, was pinned";

  public ReleaseEvent {
    forgotten = List.copyOf(forgotten);
  }

  /** An event of no trainer. */
  public ReleaseEvent(
      @Nullable String tenant,
      String domain,
      Kind kind,
      Action action,
      String release,
      String uri,
      @Nullable String parent,
      long batch,
      String reason,
      Origin origin) {
    this(
        tenant, domain, kind, action, release, uri, parent, batch, reason, origin, 0, 0, List.of(),
        null);
  }

  /** The same event of another trainer. */
  public ReleaseEvent withEpoch(long another) {
    return new ReleaseEvent(
        tenant, domain, kind, action, release, uri, parent, batch, reason, origin, another,
        withheld, forgotten, read);
  }

  /** The same event of a release that lies there. */
  public ReleaseEvent withUri(String another) {
    return new ReleaseEvent(
        tenant, domain, kind, action, release, another, parent, batch, reason, origin, epoch,
        withheld, forgotten, read);
  }

  /** The same event with another action. */
  public ReleaseEvent withAction(Action another) {
    return new ReleaseEvent(
        tenant, domain, kind, another, release, uri, parent, batch, reason, origin, epoch, withheld,
        forgotten, read);
  }

  /** The same event on a trial in which the release before keeps that share of the keys. */
  public ReleaseEvent withholding(double share) {
    return new ReleaseEvent(
        tenant, domain, kind, action, release, uri, parent, batch, reason, origin, epoch, share,
        forgotten, read);
  }

  /** The same event, which has the domain forget these samples. */
  public ReleaseEvent forgetting(List<String> samples) {
    return new ReleaseEvent(
        tenant, domain, kind, action, release, uri, parent, batch, reason, origin, epoch, withheld,
        samples, read);
  }

  /** The same event, read at another place. */
  public ReleaseEvent at(Origin place) {
    return new ReleaseEvent(
        tenant, domain, kind, action, release, uri, parent, batch, reason, place, epoch, withheld,
        forgotten, read);
  }

  /** The same event of a trainer that had read so far. */
  public ReleaseEvent withRead(@Nullable Long offset) {
    return new ReleaseEvent(
        tenant, domain, kind, action, release, uri, parent, batch, reason, origin, epoch, withheld,
        forgotten, offset);
  }

  /** The same event, which leaves its domain pinned. */
  public ReleaseEvent stayingPinned() {
    return new ReleaseEvent(
        tenant,
        domain,
        kind,
        action,
        release,
        uri,
        parent,
        batch,
        STAYS_PINNED,
        origin,
        epoch,
        withheld,
        forgotten,
        read);
  }

  /** The releases among which this one takes its place. */
  public ReleaseLine line() {
    return new ReleaseLine(tenant, domain, kind);
  }

  /**
   * The release that answers where this is followed: while it is on trial, the one before it. Empty
   * for the base alone.
   */
  public String answering() {
    String answers = withheld > 0 ? parent : release;
    return answers == null ? "" : answers;
  }

  /** Whether people wrote it to order something, and no trainer. */
  public boolean isOrder() {
    return epoch == 0 && action != Action.PUBLISH;
  }

  /** Whether its domain learns nothing new from then on, until another order is given. */
  public boolean pins() {
    return action == Action.PIN || (action != Action.ROLLBACK && reason.equals(STAYS_PINNED));
  }

  /** What people order about the release that the event names. */
  public ReleaseEvent ordering(Action order, String why) {
    return new ReleaseEvent(
        tenant, domain, kind, order, release, uri, parent, batch, why, Origin.UNWRITTEN);
  }

  /**
   * What people order to take whoever follows the event back to the base alone. It is of no batch,
   * for trainers may count theirs anew; bases alone are numbered by people.
   */
  public ReleaseEvent backToBase(String why) {
    long none = kind == Kind.BASE ? batch : 0;
    return new ReleaseEvent(
        tenant, domain, kind, Action.ROLLBACK, "", "", null, none, why, Origin.UNWRITTEN);
  }

  /** Where a release of the same store lies; empty if this one's URI does not end with its id. */
  public Optional<String> uriOf(String id) {
    if (id.equals(release)) {
      return Optional.of(uri);
    }
    String folder = uri.replaceFirst("/+$", "");
    return folder.endsWith("/" + release)
        ? Optional.of(folder.substring(0, folder.length() - release.length()) + id)
        : Optional.empty();
  }

  /** What is released. */
  public enum Kind {
    ADAPTER,
    BASE,
    /** An adapter of the space in which pictures and sounds meet their captions. */
    ALIGNMENT
  }

  /**
   * What happened to the alias. A pin holds until the next event that is no publication; after any
   * such event only a successor of the release that it names is published.
   */
  public enum Action {
    PUBLISH,
    PIN,
    ROLLBACK,
    FORGET
  }
}
