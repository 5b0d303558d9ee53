package dev.millrace.model.swap;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.Release;
import dev.millrace.schema.ReleaseEvent;
import java.io.IOException;
import java.util.List;
import java.util.Objects;

/** Event to loaded release: fetch and verify, load, warm. */
final class ReleaseLoader {

  private static final int[] WARM_UP = {0, 1};

  private final BaseModel base;
  private final ReleaseSource source;

  ReleaseLoader(BaseModel base, ReleaseSource source) {
    this.base = base;
    this.source = source;
  }

  LoadedRelease load(ReleaseEvent event, long readMillis) throws IOException {
    Release release = source.fetch(event);
    requireOurs(event, release.manifest());
    LoadedAdapter adapter = base.load(release.adapter());
    try {
      warm(event, adapter);
    } catch (IOException | RuntimeException e) {
      adapter.close();
      throw e;
    }
    return new LoadedRelease(about(event, release.manifest(), readMillis), adapter);
  }

  private void requireOurs(ReleaseEvent event, Manifest manifest) throws IOException {
    if (!manifest.base().equals(base.id())) {
      throw new ReleaseRefusedException(
          "base-mismatch: release of base " + manifest.base() + ", expected " + base.id());
    }
    if (!Objects.equals(manifest.tenant(), event.tenant())
        || !manifest.domain().equals(event.domain())) {
      throw new ReleaseRefusedException(
          "alias-mismatch: release of "
              + new Alias(manifest.tenant(), manifest.domain())
              + ", expected "
              + Alias.of(event));
    }
  }

  /** The first call pays for what the first request would have to wait for. */
  private void warm(ReleaseEvent event, LoadedAdapter adapter) throws IOException {
    double logProb = base.score(List.of(new Sequence(WARM_UP, adapter))).get(0).logProb();
    if (!Double.isFinite(logProb)) {
      throw new ReleaseRefusedException(
          "not-finite: " + event.release() + " scores " + logProb + ", expected a finite number");
    }
  }

  private static LiveRelease about(ReleaseEvent event, Manifest manifest, long readMillis) {
    return new LiveRelease(
        event.tenant(),
        event.domain(),
        event.release(),
        manifest.parent(),
        event.batch(),
        manifest.learnedTo(),
        readMillis);
  }
}
