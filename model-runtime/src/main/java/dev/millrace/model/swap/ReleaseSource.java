package dev.millrace.model.swap;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.release.Release;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.model.release.ReleaseReader;
import dev.millrace.model.release.TrustedKeys;
import dev.millrace.schema.ReleaseEvent;
import java.io.IOException;
import java.util.List;

/** Where releases are fetched from. */
@FunctionalInterface
public interface ReleaseSource {

  /**
   * Fetches the release that an event names and verifies all of it.
   *
   * @throws dev.millrace.model.release.InvalidReleaseException if it is not what its id says
   * @throws IOException if it is not there, or cannot be read now
   */
  Release fetch(ReleaseEvent event) throws IOException;

  /** The same of a release that somebody asks for by its id, which no event has made current. */
  default Release find(ReleaseEvent event) throws IOException {
    return fetch(event);
  }

  /** Releases in folders, for a base that carries them. */
  static ReleaseSource of(ReleaseFiles files, BaseModel base) {
    return of(files, List.of(base));
  }

  /**
   * The same, signed by these keys, which remembers what it read for when the store is away. What
   * is asked for by its id alone must be in the store: it may have been deleted there, to be
   * forgotten.
   */
  static ReleaseSource keeping(TrustedKeys keys, ReleaseFiles files, List<BaseModel> bases) {
    ReleaseSource stored = of(keys.guard(files), bases);
    return new ReleaseSource() {
      @Override
      public Release fetch(ReleaseEvent event) throws IOException {
        return KeptFiles.read(files, event, kept -> of(keys.guard(kept), bases).fetch(event));
      }

      @Override
      public Release find(ReleaseEvent event) throws IOException {
        return stored.fetch(event);
      }
    };
  }

  /** Releases in folders, each for the base that it was trained on, if that is one of these. */
  static ReleaseSource of(ReleaseFiles files, List<BaseModel> bases) {
    return event -> {
      BaseModel base = bases.get(0);
      if (bases.size() > 1) {
        String id = ReleaseReader.readManifest(files, event.uri(), event.release()).base();
        base = bases.stream().filter(b -> b.id().equals(id)).findFirst().orElse(base);
      }
      return ReleaseReader.read(files, event.uri(), event.release(), base.id(), base.sites());
    };
  }
}
