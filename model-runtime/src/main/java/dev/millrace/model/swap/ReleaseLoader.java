package dev.millrace.model.swap;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Delta;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.Release;
import dev.millrace.model.release.ReleaseStep;
import dev.millrace.model.weights.Digest;
import dev.millrace.schema.ReleaseEvent;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Event to loaded release: fetch and verify, load, warm.
 *
 * @param bases that may carry a release
 */
record ReleaseLoader(List<BaseModel> bases, ReleaseSource source) {

  private static final int[] WARM_UP = {0, 1};

  /** Of a release of which only the id is known: its manifest says which batch it is of. */
  private static final long ANY_BATCH = -1;

  /**
   * Fetches and verifies a release, notes what its domain looks like, and loads it.
   *
   * @param freed is told when it is gone
   */
  LoadedRelease load(Registered registered, Consumer<LoadedRelease> freed) throws IOException {
    return load(registered, fetch(registered), freed);
  }

  /** The same of one that is asked for by its id, and is no domain's current one. */
  LoadedRelease loadNamed(Registered registered, Consumer<LoadedRelease> freed) throws IOException {
    return load(registered, verified(registered, source.find(registered.event())), freed);
  }

  private LoadedRelease load(Registered registered, Release release, Consumer<LoadedRelease> freed)
      throws IOException {
    ReleaseEvent event = registered.event();
    BaseModel base = base(release.manifest());
    LoadedAdapter adapter = routed(base, release.manifest()).load(release.adapter());
    LiveRelease about = about(event, release.manifest(), registered.readMillis());
    return new LoadedRelease(about, base, adapter, bytes(release.adapter()), freed);
  }

  /** Fetches and verifies a release, and notes what its domain looks like. */
  Release fetch(Registered registered) throws IOException {
    ReleaseStep step = ReleaseStep.begun(ReleaseStep.Kind.FETCH, registered.release());
    Release verified = verified(registered, source.fetch(registered.event()));
    step.commit();
    return verified;
  }

  private Release verified(Registered registered, Release release) throws IOException {
    base(release.manifest());
    requireOurs(registered.event(), release.manifest());
    registered.profiled(release.profile());
    return release;
  }

  private static long bytes(AdapterWeights adapter) {
    long values = 0;
    for (Delta delta : adapter.deltas()) {
      values += delta.a().length + delta.b().length;
    }
    return values * Float.BYTES;
  }

  /**
   * How an older release of the same stores and aliases would have become known.
   *
   * @throws ReleaseRefusedException if there is none of that id
   */
  Registered find(List<Registered> relatives, String id) throws IOException {
    Set<String> tried = new HashSet<>();
    for (Registered relative : relatives) {
      String uri = besides(relative.event(), id);
      if (uri != null && tried.add(uri)) {
        Registered found = found(relatives, relative, id, uri);
        if (found != null) {
          return found;
        }
      }
    }
    throw unknown(id);
  }

  /** The release that one on trial would succeed, which nobody has read yet; null is the base. */
  static @Nullable Registered before(Registered trial) {
    ReleaseEvent event = trial.event();
    String parent = event.parent();
    if (parent == null) {
      return null;
    }
    String uri = Objects.requireNonNullElse(besides(event, parent), event.uri());
    return new Registered(asked(event, parent, uri, ANY_BATCH), trial.readMillis());
  }

  static ReleaseRefusedException unknown(String id) {
    return new ReleaseRefusedException("unknown-release: " + id);
  }

  /** The folder of a release in the store of another; null if there can be none. */
  private static @Nullable String besides(ReleaseEvent relative, String id) {
    return Digest.isSha256(id) ? relative.uriOf(id).orElse(null) : null;
  }

  private @Nullable Registered found(
      List<Registered> relatives, Registered beside, String id, String uri) {
    Manifest manifest;
    try {
      manifest = source.find(asked(beside.event(), id, uri, 0)).manifest();
    } catch (IOException | InvalidReleaseException e) {
      return null; // whoever asks for it by its id need not know why it is not there
    }
    for (Registered relative : relatives) {
      if (isOf(manifest, relative.event())) {
        ReleaseEvent event = asked(relative.event(), id, uri, manifest.batch());
        return new Registered(event, relative.readMillis());
      }
    }
    return null;
  }

  private static ReleaseEvent asked(ReleaseEvent relative, String id, String uri, long batch) {
    return new ReleaseEvent(
        relative.tenant(),
        relative.domain(),
        relative.kind(),
        ReleaseEvent.Action.PUBLISH,
        id,
        uri,
        null,
        batch,
        "asked for by its id",
        relative.origin());
  }

  /** The base that a release was trained on. */
  private BaseModel base(Manifest manifest) throws IOException {
    for (BaseModel base : bases) {
      if (manifest.base().equals(base.id())) {
        return base;
      }
    }
    throw new ReleaseRefusedException(
        "base-mismatch: release of base "
            + manifest.base()
            + ", expected "
            + bases.stream().map(BaseModel::id).collect(Collectors.joining(" or ")));
  }

  private static BaseModel routed(BaseModel base, Manifest manifest) throws IOException {
    try {
      return base.under(manifest.routing());
    } catch (IllegalArgumentException e) {
      throw new ReleaseRefusedException("routing-mismatch: " + e.getMessage());
    }
  }

  private static void requireOurs(ReleaseEvent event, Manifest manifest) throws IOException {
    if (!isOf(manifest, event)) {
      throw new ReleaseRefusedException(
          "alias-mismatch: release of "
              + new Alias(manifest.tenant(), manifest.domain())
              + ", expected "
              + Alias.of(event));
    }
    if (event.batch() != ANY_BATCH && manifest.batch() != event.batch()) {
      throw new ReleaseRefusedException(
          "batch-mismatch: release of batch " + manifest.batch() + ", expected " + event.batch());
    }
  }

  private static boolean isOf(Manifest manifest, ReleaseEvent event) {
    return Objects.equals(manifest.tenant(), event.tenant())
        && manifest.domain().equals(event.domain());
  }

  /** The first call pays for what the first request would have to wait for. */
  void warm(LoadedRelease loaded) throws IOException {
    Sequence sequence = new Sequence(WARM_UP, loaded.adapter());
    double logProb = loaded.base().score(List.of(sequence)).get(0).logProb();
    if (!Double.isFinite(logProb)) {
      String release = loaded.about().release();
      throw new ReleaseRefusedException(
          "not-finite: " + release + " scores " + logProb + ", expected a finite number");
    }
  }

  private static LiveRelease about(ReleaseEvent event, Manifest manifest, long readMillis) {
    return new LiveRelease(
        event.tenant(),
        event.domain(),
        event.release(),
        manifest.batch(),
        manifest.learnedTo(),
        readMillis);
  }
}
