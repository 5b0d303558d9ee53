package dev.millrace.model.swap;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Sequence;
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
    FetchedRelease fetched = source.fetch(event);
    requireOurs(event, fetched);
    LoadedAdapter adapter = base.load(fetched.adapter());
    try {
      warm(event, adapter);
    } catch (IOException | RuntimeException e) {
      adapter.close();
      throw e;
    }
    return new LoadedRelease(about(event, fetched, readMillis), adapter);
  }

  private void requireOurs(ReleaseEvent event, FetchedRelease fetched) throws IOException {
    if (!fetched.base().equals(base.id())) {
      throw new ReleaseRefusedException(
          "base-mismatch: release of base " + fetched.base() + ", expected " + base.id());
    }
    if (!Objects.equals(fetched.tenant(), event.tenant())
        || !fetched.domain().equals(event.domain())) {
      throw new ReleaseRefusedException(
          "alias-mismatch: release of "
              + new Alias(fetched.tenant(), fetched.domain())
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

  private static LiveRelease about(ReleaseEvent event, FetchedRelease fetched, long readMillis) {
    return new LiveRelease(
        event.tenant(),
        event.domain(),
        event.release(),
        fetched.parent(),
        event.batch(),
        fetched.learnedTo(),
        readMillis);
  }
}
