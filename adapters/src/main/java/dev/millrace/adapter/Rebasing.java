package dev.millrace.adapter;

import dev.millrace.adapter.train.AdapterState;
import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.model.release.Release;
import dev.millrace.schema.Origin;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;

/** Where a domain begins on this base that had a release on another. */
record Rebasing(Surroundings surroundings) {

  /**
   * What the next manifest names in an event's place: its release began with none of its moments.
   */
  static final String RULE = "rebased";

  /**
   * A domain's beginning.
   *
   * @param place the release that it begins at
   */
  record Beginning(AdapterState adapter, Place place) {

    /** Anew, with an adapter that changes nothing yet. */
    static Beginning anew(LearnerState initial) {
      return new Beginning(initial.adapter(), Place.BASE);
    }

    /** The orders of a domain that has moved here. */
    Orders orders(Orders before) {
      return place.release() == null
          ? before
          : new Orders(new Origin(RULE, 0, place.batch()), before.pinned());
    }
  }

  /**
   * At the release that was brought here from another base; anew where none was, or it is gone.
   *
   * @param before the domain's release there; null if it had none
   * @param initial the domain's state before its first batch
   */
  Beginning from(@Nullable String before, LearnerState initial) {
    String id = before == null ? null : surroundings.rebased().get(before);
    if (before == null || id == null) {
      return Beginning.anew(initial);
    }
    try {
      return at(id, before);
    } catch (InvalidReleaseException | FileNotFoundException | NoSuchFileException e) {
      return Beginning.anew(initial); // it may have been deleted, to be forgotten
    } catch (IOException e) {
      throw new UncheckedIOException("release " + id + " cannot be read", e);
    }
  }

  private Beginning at(String id, String before) throws IOException {
    Release release = surroundings.release(surroundings.store().uri(id), id);
    String parent = release.manifest().parent();
    if (!before.equals(parent)) {
      throw new InvalidReleaseException(
          "release %s came of %s, expected %s".formatted(id, parent, before));
    }
    return new Beginning(AdapterState.fresh(release.adapter()), Place.of(id, "", release));
  }
}
