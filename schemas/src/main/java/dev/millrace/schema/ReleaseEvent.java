package dev.millrace.schema;

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
    long epoch) {

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
    this(tenant, domain, kind, action, release, uri, parent, batch, reason, origin, 0);
  }

  /** The same event of another trainer. */
  public ReleaseEvent withEpoch(long another) {
    return new ReleaseEvent(
        tenant, domain, kind, action, release, uri, parent, batch, reason, origin, another);
  }

  /** What is released. */
  public enum Kind {
    ADAPTER,
    BASE
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
