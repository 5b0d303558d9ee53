package dev.millrace.model.swap;

import dev.millrace.model.base.FakeBaseModel;
import dev.millrace.model.peft.AdapterWeights;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A store whose releases are in a map: the name of a release is the bias of its adapter. */
public final class FakeReleases implements ReleaseSource {

  private final Map<String, FetchedRelease> replaced = new ConcurrentHashMap<>();
  private final AtomicInteger fetches = new AtomicInteger();

  /** An event of release {@code bias-<batch>}. */
  public static ReleaseEvent event(
      @Nullable String tenant, String domain, Action action, long batch) {
    return new ReleaseEvent(
        tenant,
        domain,
        Kind.ADAPTER,
        action,
        "bias-" + batch,
        "memory:",
        null,
        batch,
        "test",
        new Origin("releases", 0, batch));
  }

  public static ReleaseEvent published(String domain, long batch) {
    return event(null, domain, Action.PUBLISH, batch);
  }

  /** The bias that a release's adapter has. */
  public static float bias(String release) {
    return Float.parseFloat(release.substring("bias-".length())) / 64;
  }

  /** From now on a release of that name is this. */
  public void replace(String release, FetchedRelease with) {
    replaced.put(release, with);
  }

  public int fetches() {
    return fetches.get();
  }

  public static FetchedRelease release(String base, String domain, AdapterWeights adapter) {
    return new FetchedRelease(
        base, null, domain, null, List.of(new Origin("samples", 0, 42)), adapter);
  }

  @Override
  public FetchedRelease fetch(ReleaseEvent event) throws IOException {
    fetches.incrementAndGet();
    FetchedRelease found = replaced.get(event.release());
    if (found != null) {
      return found;
    }
    if (!event.release().startsWith("bias-")) {
      throw new FileNotFoundException(event.release());
    }
    FetchedRelease release =
        release("fake-base", event.domain(), FakeBaseModel.adapter(bias(event.release())));
    return new FetchedRelease(
        release.base(),
        event.tenant(),
        release.domain(),
        null,
        release.learnedTo(),
        release.adapter());
  }
}
