package dev.millrace.job.cli.model;

import dev.millrace.job.io.FlinkReleaseFiles;
import dev.millrace.job.releases.Forgetting;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.Release;
import dev.millrace.model.release.ReleaseReader;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * A stored release that is to be brought to another base.
 *
 * @param samples ids of what taught it and its parents
 */
record OldRelease(String id, Release release, Set<String> samples) {

  /**
   * Reads and verifies one.
   *
   * @param folder in its store
   * @param base that it must be of
   * @param skipped is told of releases beside it that are not what their ids say
   * @throws IllegalArgumentException if it is none of that domain and base, or what taught it is
   *     not known
   */
  static OldRelease read(String domain, Path folder, BaseModel base, Consumer<String> skipped)
      throws IOException {
    Path real = folder.toRealPath();
    StoredReleases stored = StoredReleases.read(real.resolveSibling(""), skipped);
    String id = real.getFileName().toString();
    Manifest manifest = stored.byId().get(id);
    if (manifest == null
        || manifest.kind() != Kind.ADAPTER
        || !manifest.domain().equals(domain)
        || !manifest.base().equals(base.id())) {
      throw new IllegalArgumentException(
          "%s is no release of an adapter of domain %s on base %s, expected one in its store"
              .formatted(folder, domain, base.id()));
    }
    Set<String> samples =
        new Forgetting(stored, Set.of())
            .lineage(id).stream()
                .flatMap(of -> stored.manifest(of).learned().stream())
                .map(LearnedSample::sample)
                .collect(Collectors.toSet());
    return new OldRelease(
        id,
        ReleaseReader.read(new FlinkReleaseFiles(), stored.uri(id), id, base.id(), base.sites()),
        samples);
  }
}
