package dev.millrace.adapter;

import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.model.assign.Profile;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.Release;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.TrainingBatch;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A release in its domain's lineage, as an event names it.
 *
 * @param release null for the base alone
 * @param uri its folder; empty in the learner's own store, wherever that is
 * @param batch number of the batch it learned last
 * @param learnedTo per topic and partition the last sample learned, in that order
 * @param profile what the texts that were learned look like
 * @param routing null while the base alone serves
 */
public record Place(
    @Nullable String release,
    String uri,
    @Nullable String parent,
    long batch,
    List<Origin> learnedTo,
    Profile profile,
    @Nullable Routing routing) {

  /** Where every domain begins. */
  public static final Place BASE = new Place(null, "", null, 0, List.of(), Profile.empty(), null);

  /** At a release that lies in a folder. */
  static Place of(String id, String uri, Release release) {
    Manifest manifest = release.manifest();
    return new Place(
        id,
        uri,
        manifest.parent(),
        manifest.batch(),
        manifest.learnedTo(),
        release.profileOrEmpty(),
        manifest.routing());
  }

  /** The same under another routing. */
  Place under(Routing other) {
    return new Place(release, uri, parent, batch, learnedTo, profile, other);
  }

  /** The event that takes a domain here. */
  ReleaseEvent event(TrainingBatch of, Action action, ReleaseStore store, String reason) {
    String id = release == null ? "" : release;
    return new ReleaseEvent(
        of.tenant(),
        of.domain(),
        ReleaseEvent.Kind.ADAPTER,
        action,
        id,
        uri.isEmpty() && !id.isEmpty() ? store.uri(id) : uri,
        parent,
        batch,
        reason,
        Origin.UNWRITTEN);
  }
}
