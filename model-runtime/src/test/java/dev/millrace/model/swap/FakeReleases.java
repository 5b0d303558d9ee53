package dev.millrace.model.swap;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.assign.Profile;
import dev.millrace.model.base.FakeBaseModel;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.Release;
import dev.millrace.model.release.ReleaseFile;
import dev.millrace.model.release.Routing;
import dev.millrace.model.release.TrainingPlan;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A store whose releases are in a map: the name of a release is the bias of its adapter. */
public final class FakeReleases implements ReleaseSource {

  private final Map<String, Release> replaced = new ConcurrentHashMap<>();
  private final AtomicInteger fetches = new AtomicInteger();
  private final AtomicInteger waiting = new AtomicInteger();
  private final Map<String, CountDownLatch> held = new ConcurrentHashMap<>();
  private final Set<String> lost = ConcurrentHashMap.newKeySet();

  /** An event of release {@code bias-<batch>}. */
  public static ReleaseEvent event(
      @Nullable String tenant, String domain, Action action, long batch) {
    return event(tenant, domain, action, "bias-" + batch, null, batch);
  }

  private static ReleaseEvent event(
      @Nullable String tenant,
      String domain,
      Action action,
      String release,
      @Nullable String parent,
      long batch) {
    Origin at = new Origin("releases", 0, batch);
    return new ReleaseEvent(
        tenant, domain, Kind.ADAPTER, action, release, "memory:", parent, batch, "test", at);
  }

  public static ReleaseEvent published(String domain, long batch) {
    return event(null, domain, Action.PUBLISH, batch);
  }

  /** The same of a release of another name; "" is none. */
  public static ReleaseEvent renamed(ReleaseEvent event, String release) {
    return event(
        event.tenant(), event.domain(), event.action(), release, event.parent(), event.batch());
  }

  /** The same, of a release that was trained from {@code bias-<parent>}. */
  public static ReleaseEvent succeeding(String domain, long batch, long parent) {
    return event(null, domain, Action.PUBLISH, "bias-" + batch, "bias-" + parent, batch);
  }

  /** The bias that a release's adapter has. */
  public static float bias(String release) {
    return Float.parseFloat(release.substring("bias-".length())) / 64;
  }

  /** From now on a release of that name is this. */
  public void replace(String release, Release with) {
    replaced.put(release, with);
  }

  public int fetches() {
    return fetches.get();
  }

  /** From now on fetching a release of that name takes until this is counted down. */
  public void hold(String release, CountDownLatch until) {
    held.put(release, until);
  }

  /** Returns when a fetch is held. */
  public void awaitHeld() {
    while (waiting.get() == 0) {
      Thread.onSpinWait();
    }
  }

  /** From now on a release of that name cannot be read. */
  public void lose(String release) {
    lost.add(release);
  }

  /** From now on it can be read again. */
  public void find(String release) {
    lost.remove(release);
  }

  /** A verified release with an adapter of that bias. */
  public static Release release(String base, @Nullable String tenant, String domain, float bias) {
    return release(base, tenant, domain, FakeBaseModel.adapter(bias));
  }

  /** The same with another adapter. */
  public static Release release(
      String base, @Nullable String tenant, String domain, AdapterWeights adapter) {
    return release(base, tenant, domain, adapter, 0);
  }

  public static Release release(
      String base, @Nullable String tenant, String domain, AdapterWeights adapter, long batch) {
    return release(base, tenant, domain, adapter, batch, Routing.topK(1));
  }

  public static Release release(
      String base,
      @Nullable String tenant,
      String domain,
      AdapterWeights adapter,
      long batch,
      Routing routing) {
    Manifest manifest = manifest(base, tenant, domain, batch, routing, new TreeMap<>());
    return new Release(manifest, adapter, null);
  }

  /** Of a release that followed none and that no rule was asked about. */
  public static Manifest manifest(
      String base,
      @Nullable String tenant,
      String domain,
      long batch,
      Routing routing,
      SortedMap<String, ReleaseFile> files) {
    return new Manifest(
        tenant,
        domain,
        base,
        files,
        "int8",
        routing,
        null,
        batch,
        List.of(),
        List.of(new Origin("samples", 0, 42)),
        new TrainingPlan(1, new TreeMap<>(), 1, 1, "fake", "none"),
        List.of(),
        null);
  }

  /** From now on a release of that name has a routing. */
  public void route(ReleaseEvent event, Routing routing) throws IOException {
    Release plain = fetch(event);
    replace(
        event.release(),
        release(
            "fake-base", event.tenant(), event.domain(), plain.adapter(), event.batch(), routing));
  }

  /** From now on a release of that name has a profile. */
  public void profile(ReleaseEvent event, Profile profile) throws IOException {
    Release plain = fetch(event);
    replace(event.release(), new Release(plain.manifest(), plain.adapter(), profile));
  }

  /** What is named by its folder lies in no other. */
  private static boolean isElsewhere(ReleaseEvent event) {
    return event.uri().startsWith("memory:/") && !event.uri().endsWith("/" + event.release());
  }

  @Override
  public Release fetch(ReleaseEvent event) throws IOException {
    fetches.incrementAndGet();
    CountDownLatch until = held.get(event.release());
    try {
      if (until != null) {
        waiting.incrementAndGet();
        until.await();
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
    if (lost.contains(event.release()) || isElsewhere(event)) {
      throw new FileNotFoundException(event.release());
    }
    Release found = replaced.get(event.release());
    if (found != null) {
      return found;
    }
    if (!event.release().startsWith("bias-")) {
      throw new FileNotFoundException(event.release());
    }
    AdapterWeights adapter = FakeBaseModel.adapter(bias(event.release()));
    long batch = Long.parseLong(event.release().substring("bias-".length()));
    return release("fake-base", event.tenant(), event.domain(), adapter, batch);
  }
}
