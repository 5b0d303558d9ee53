package dev.millrace.job.releases;

import dev.millrace.adapter.Rebaser;
import dev.millrace.job.io.FlinkReleaseFiles;
import dev.millrace.job.report.Lineage;
import dev.millrace.model.release.BaseRelease;
import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.model.release.ReleaseReader;
import dev.millrace.model.swap.ReleaseLines;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The releases in a store on this machine, as their manifests tell; every digest is verified. */
public record StoredReleases(Path store, SortedMap<String, Manifest> byId) {

  private static final Logger LOG = LoggerFactory.getLogger(StoredReleases.class);

  /**
   * All of them.
   *
   * @throws InvalidReleaseException if one is not what its id says
   */
  public static StoredReleases read(Path store) {
    return read(
        store,
        (id, problem) -> {
          throw problem;
        });
  }

  /**
   * Those that can be read.
   *
   * @param skipped is told of each that is not what its id says, or whose manifest cannot be opened
   */
  public static StoredReleases read(Path store, Consumer<String> skipped) {
    return read(
        store, (id, problem) -> skipped.accept("skipped " + id + ": " + problem.getMessage()));
  }

  private static StoredReleases read(Path store, BiConsumer<String, RuntimeException> broken) {
    if (!Files.isDirectory(store)) {
      throw new IllegalArgumentException("store " + store + ", expected a folder");
    }
    SortedMap<String, Manifest> byId = new TreeMap<>();
    try (Stream<Path> folders = Files.list(store)) {
      for (Path folder :
          folders.filter(f -> Files.exists(f.resolve(Manifest.FILE))).sorted().toList()) {
        String id = folder.getFileName().toString();
        String uri = ReleaseFiles.uri(folder);
        try {
          byId.put(id, ReleaseReader.readManifest(new FlinkReleaseFiles(), uri, id));
        } catch (InvalidReleaseException e) {
          broken.accept(id, e);
        } catch (FileNotFoundException e) { // another's, or deleted meanwhile
          broken.accept(id, new UncheckedIOException(e.getMessage(), e));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the release store " + store, e);
    }
    return new StoredReleases(store, byId);
  }

  /** These, and one that was stored since, if it is here and what its id says. */
  StoredReleases with(String id) {
    if (byId.containsKey(id) || !Files.exists(store.resolve(id).resolve(Manifest.FILE))) {
      return this;
    }
    SortedMap<String, Manifest> more = new TreeMap<>(byId);
    try {
      more.put(id, ReleaseReader.readManifest(new FlinkReleaseFiles(), uri(id), id));
    } catch (InvalidReleaseException e) {
      LOG.warn("skipped {}: {}", id, e.getMessage());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the release store " + store, e);
    }
    return new StoredReleases(store, more);
  }

  /**
   * The one release whose id begins so.
   *
   * @throws IllegalArgumentException if there is none, or more than one
   */
  public String find(String beginning) {
    List<String> found = byId.keySet().stream().filter(id -> id.startsWith(beginning)).toList();
    if (found.size() != 1) {
      throw new IllegalArgumentException(
          "release %s names %d of %d releases in %s, expected one"
              .formatted(beginning, found.size(), byId.size(), store));
    }
    return found.get(0);
  }

  /** The manifest of a release that is here. */
  public Manifest manifest(String id) {
    return Objects.requireNonNull(byId.get(id), id);
  }

  /** Where a release lies. */
  public String uri(String id) {
    return ReleaseFiles.uri(store.resolve(id));
  }

  /** What people order about a release. */
  public ReleaseEvent order(ReleaseEvent.Action action, String id, String reason) {
    return manifest(id).event(action, uri(id), reason);
  }

  /** The releases that a base in here was taught, by domain. */
  public SortedMap<String, String> taught(String base) {
    try {
      SortedMap<String, String> taught = new TreeMap<>();
      BaseRelease.taught(new FlinkReleaseFiles(), uri(base), manifest(base))
          .forEach((domain, of) -> taught.put(domain, of.release()));
      return taught;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the release store " + store, e);
    }
  }

  /** The releases that were brought to a base in here. */
  public List<String> rebased(String base) {
    try {
      return BaseRelease.rebased(new FlinkReleaseFiles(), uri(base), manifest(base))
          .values()
          .stream()
          .map(BaseRelease.Rebased::release)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the release store " + store, e);
    }
  }

  /** All that taught a base in here, and those before it. */
  public BaseRelease.Learned learned(String base) {
    try {
      return BaseRelease.learned(new FlinkReleaseFiles(), uri(base), manifest(base));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the release store " + store, e);
    }
  }

  /**
   * The release of every domain that answered when the last run ended, where it noted that and
   * nothing that follows it was stored since, else the latest that learn trained. A tenant's domain
   * is {@code TENANT/DOMAIN}.
   */
  public SortedMap<String, String> serving() {
    return current(Kind.ADAPTER);
  }

  /** The same of alignments. */
  public SortedMap<String, String> alignments() {
    return current(Kind.ALIGNMENT);
  }

  /**
   * By domain those of such releases that a tenant's requests reach: of two domains of one name its
   * own.
   *
   * @param tenant null sees the shared ones alone
   */
  public SortedMap<String, String> visibleTo(
      @Nullable String tenant, SortedMap<String, String> releases) {
    SortedMap<String, String> visible = new TreeMap<>();
    for (String release : releases.values()) {
      Manifest manifest = manifest(release);
      if (manifest.tenant() == null) {
        visible.putIfAbsent(manifest.domain(), release);
      } else if (manifest.tenant().equals(tenant)) {
        visible.put(manifest.domain(), release);
      }
    }
    return visible;
  }

  /**
   * By domain what answered, or placed, when the last run ended and is not here: it does so no
   * more.
   */
  public SortedMap<String, String> lost(Kind kind) {
    SortedMap<String, String> here = current(kind);
    SortedMap<String, String> lost = new TreeMap<>();
    Heads.read(store, kind)
        .byDomain()
        .forEach(
            (domain, head) -> {
              if (!head.release().isEmpty() && !here.containsKey(domain)) {
                lost.put(domain, head.release());
              }
            });
    return lost;
  }

  private SortedMap<String, String> current(Kind kind) {
    SortedMap<String, Heads.Head> heads = Heads.read(store, kind).byDomain();
    SortedMap<String, String> current = newest(kind, heads);
    heads.forEach(
        (domain, head) -> {
          if (byId.containsKey(head.release())) {
            current.putIfAbsent(domain, head.release());
          }
        });
    return current;
  }

  /**
   * Whether a release was stored since that was noted and may answer in its place. Where something
   * was taken back, what comes of neither that nor of what that came of was learned meanwhile, and
   * was announced to nobody.
   */
  private boolean follows(String release, Heads.Head head) {
    return !head.pinned()
        && batch(release) > head.batch()
        && (!isTakenBack(head) || continues(release, head));
  }

  private boolean isTakenBack(Heads.Head head) {
    String release = head.release();
    return release.isEmpty() || (byId.containsKey(release) && batch(release) < head.batch());
  }

  private boolean continues(String release, Heads.Head head) {
    String from = release;
    while (from != null && (batch(from) > head.batch() || isRebased(from))) {
      from = parent(from);
    }
    String before = head.release();
    while (before != null && !before.equals(from)) {
      before = parent(before);
    }
    return from == null || before != null;
  }

  private boolean isRebased(String id) {
    return byId.containsKey(id) && Rebaser.isRebased(manifest(id));
  }

  private long batch(String id) {
    Manifest manifest = byId.get(id);
    return manifest == null ? -1 : manifest.batch();
  }

  private @Nullable String parent(String id) {
    Manifest manifest = byId.get(id);
    return manifest == null ? null : manifest.parent();
  }

  /** What takes every domain to where it was when the last run ended; what was pinned stays so. */
  public List<ReleaseEvent> orders(String reason) {
    List<ReleaseEvent> orders = new ArrayList<>();
    for (Kind kind : List.of(Kind.ADAPTER, Kind.ALIGNMENT)) {
      SortedMap<String, Heads.Head> noted = Heads.read(store, kind).byDomain();
      current(kind)
          .forEach(
              (domain, release) -> {
                Heads.Head head = noted.get(domain);
                boolean pinned = head != null && head.pinned();
                orders.add(order(pinned ? Action.PIN : Action.ROLLBACK, release, reason));
              });
    }
    return orders;
  }

  /** Notes beside the store which releases answer; what cannot be read there is replaced. */
  public void note(List<ReleaseEvent> events) {
    note(ReleaseLines.of(events));
  }

  /** The same by what lines follow. */
  void note(ReleaseLines lines) {
    for (Kind kind : List.of(Kind.ADAPTER, Kind.ALIGNMENT)) {
      Heads.of(lines, this, kind).beside(noted(kind)).write(store);
    }
  }

  private Heads noted(Kind kind) {
    try {
      return Heads.read(store, kind);
    } catch (IllegalArgumentException e) {
      LOG.warn("what an earlier run noted is replaced: {}", e.getMessage());
      return new Heads(kind, new TreeMap<>());
    }
  }

  /** By domain the latest release, of those that follow what was noted of it. */
  private SortedMap<String, String> newest(Kind kind, Map<String, Heads.Head> heads) {
    SortedMap<String, String> newest = new TreeMap<>();
    byId.forEach(
        (id, manifest) -> {
          String name = manifest.line().name();
          Heads.Head head = heads.get(name);
          if (manifest.kind() == kind
              && !Rebaser.isRebased(manifest)
              && (head == null || follows(id, head))) {
            newest.merge(name, id, (best, next) -> batch(best) < batch(next) ? next : best);
          }
        });
    return newest;
  }

  /** The latest batch of a domain's releases; -1 if it has none. */
  long lastBatch(String domain, Kind kind) {
    return byId.values().stream()
        .filter(manifest -> manifest.kind() == kind && manifest.line().name().equals(domain))
        .mapToLong(Manifest::batch)
        .max()
        .orElse(-1);
  }

  /** Of adapters of the base, which answer. */
  public Lineage lineage() {
    Map<String, Lineage.Learned> learned = new HashMap<>();
    byId.forEach(
        (id, manifest) -> {
          if (manifest.kind() == Kind.ADAPTER) {
            learned.put(
                id,
                new Lineage.Learned(
                    manifest.parent(),
                    manifest.fresh().map(LearnedSample::origin).collect(Collectors.toSet())));
          }
        });
    return new Lineage(learned);
  }
}
