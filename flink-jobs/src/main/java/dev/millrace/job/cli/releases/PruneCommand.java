package dev.millrace.job.cli.releases;

import dev.millrace.adapter.publish.Retention;
import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.adapter.publish.StoredFile;
import dev.millrace.job.cli.options.BrokerOption;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.cli.options.StoreOption;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.releases.Heads;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.job.releases.UnansweredRequests;
import dev.millrace.model.release.Manifest;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.ReleaseLine;
import dev.millrace.schema.wire.Counted;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "prune",
    description = {
      "Deletes releases that were taken back or never went live: all but the newest of each domain,",
      "and none that is young, current, pinned, named by a request without an answer,",
      "or an ancestor of a release that stays."
    },
    footer = {"", "Example:", "  ./millrace releases prune --keep 8 --days 7 --dry-run"})
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class PruneCommand implements Callable<Integer> {

  @Mixin private Output output;
  @Mixin private BrokerOption broker;
  @Mixin private StoreOption store;

  @Option(
      names = "--keep",
      paramLabel = "N",
      description = "How many of each domain stay (default: ${DEFAULT-VALUE}).")
  private int keep = 8;

  @Option(
      names = "--days",
      paramLabel = "D",
      description = "How old a release must be (default: ${DEFAULT-VALUE}).")
  private int days = 7;

  @Option(names = "--dry-run", description = "Only says what would be deleted.")
  private boolean dryRun;

  @Override
  public Integer call() throws Exception {
    if (keep < 0 || days < 1) {
      throw new IllegalArgumentException(
          "keep " + keep + " and days " + days + ", expected at least 0 and 1");
    }
    StoredReleases stored = StoredReleases.read(store.folder(broker), output.err()::println);
    MillraceConfig config = broker.require(output.err());
    Set<String> asked =
        UnansweredRequests.releases(config); // takes long: orders are read behind it
    List<Origin> undecoded = new ArrayList<>();
    List<ReleaseEvent> events =
        ReleaseTopic.of(config).written(undecoded::add, output.err()::println);
    Set<String> needed = needed(stored, events);
    String blind = ReleaseTopic.reasonNotToDelete(undecoded);
    if (blind != null) {
      throw new IllegalStateException(blind);
    }
    gone(stored, events).forEach(head -> sayThatAllStay(head, stored));
    needed.addAll(asked);
    StoreFiles files = StoreFiles.in(stored.store());
    Map<String, Retention.Stored> releases = releases(stored, files.list());
    List<String> expired =
        new Retention(keep, Duration.ofDays(days)).expired(releases, needed, Instant.now());
    if (!dryRun) {
      delete(files, expired);
    }
    output.result(
        Map.of("deleted", dryRun ? List.of() : expired, "expired", expired),
        (dryRun ? "would delete " : "deleted ")
            + Counted.of(expired.size(), "release", "releases")
            + String.join("", expired.stream().map(release -> "\n  " + release).toList()));
    return 0;
  }

  private void sayThatAllStay(ReleaseEvent head, StoredReleases stored) {
    output.say(
        "domain %s is at release %s, which is not in %s or cannot be read: all of its releases stay",
        head.domain(), head.release(), stored.store());
  }

  private static Map<String, Retention.Stored> releases(
      StoredReleases stored, List<StoredFile> files) {
    Map<String, Retention.Stored> releases = new HashMap<>();
    for (StoredFile file : files) {
      String id = release(file.path());
      Manifest manifest = stored.byId().get(id);
      if (manifest != null && file.path().equals(id + "/" + Manifest.FILE)) {
        releases.put(id, new Retention.Stored(manifest, file.written()));
      }
    }
    return releases;
  }

  /**
   * What any domain may be at, all of a domain of which the topic knows nothing or whose current
   * release is not here or cannot be read, what was brought to a base that is here, and what taught
   * it: without that nobody could tell what the base knows, and {@code forget} would be refused.
   */
  static Set<String> needed(StoredReleases stored, List<ReleaseEvent> events) {
    Set<String> needed = ReleaseTopic.heads(events);
    needed.addAll(ofUnknown(stored, Heads.followed(events)));
    stored
        .byId()
        .forEach(
            (id, manifest) -> {
              if (manifest.kind() == Kind.BASE) {
                needed.addAll(stored.rebased(id));
                needed.addAll(stored.learned(id).releases());
              }
            });
    return needed;
  }

  /** All of each domain of which nobody can tell what its current release came of. */
  private static Set<String> ofUnknown(
      StoredReleases stored, Map<ReleaseLine, ReleaseEvent> followed) {
    Set<String> unknown = new HashSet<>();
    stored
        .byId()
        .forEach(
            (id, manifest) -> {
              ReleaseEvent head = followed.get(manifest.line());
              if (head == null || isGone(stored, head)) {
                unknown.add(id);
              }
            });
    return unknown;
  }

  private static List<ReleaseEvent> gone(StoredReleases stored, List<ReleaseEvent> events) {
    return Heads.followed(events).values().stream().filter(head -> isGone(stored, head)).toList();
  }

  private static boolean isGone(StoredReleases stored, ReleaseEvent head) {
    return Stream.of(head.release(), head.answering())
        .anyMatch(release -> !release.isEmpty() && !stored.byId().containsKey(release));
  }

  /** Of each the manifest first: what is cut off here is no release any more, and is swept. */
  static void delete(StoreFiles files, List<String> releases) throws IOException {
    Map<String, List<String>> paths =
        files.list().stream()
            .map(StoredFile::path)
            .collect(Collectors.groupingBy(PruneCommand::release));
    for (String release : releases) {
      files.delete(release + "/" + Manifest.FILE);
      for (String path : paths.getOrDefault(release, List.of())) {
        files.delete(path);
      }
    }
  }

  private static String release(String path) {
    return path.replaceFirst("/.*", "");
  }
}
