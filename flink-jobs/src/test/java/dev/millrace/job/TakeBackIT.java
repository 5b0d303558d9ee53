package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordsAt;
import dev.millrace.job.releases.Forgetting;
import dev.millrace.job.releases.Proof;
import dev.millrace.job.releases.Reproduction;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Sample;
import dev.millrace.schema.Verdict;
import dev.millrace.schema.wire.Codecs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.flink.core.execution.JobClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Both jobs obey a release event: what was taken back neither answers nor is learned from. */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class TakeBackIT {

  private static final String DOMAIN = "cloud";
  private static final int BATCH = 8;
  private static final Map<String, String> SETTINGS =
      Map.of("batch.count", "" + BATCH, "batch.spanMillis", "1000000", "heldOut.everyNth", "3");

  private final Random random = new Random(5);
  private int samples;
  private int teaching;
  private Asker asker;

  @Test
  void rollbackPinForget_learnAndServe_goOnFromTheReleaseThatWasNamed() throws Exception {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 8)) {
      Loop loop = Loop.create(stack, 1, SETTINGS);
      JobClient serve = loop.serve(TinyParts.servings(loop.config()));
      loop.learn(TinyParts.learners(loop.config()));
      try (Feed feed = loop.feed()) {
        asker = new Asker(loop, feed);
        List<ReleaseEvent> first = more(3, feed, loop);
        ReleaseEvent next = rollBack(first, feed, loop);
        ReleaseEvent last = pinThenRelease(serve, first.get(1), next, feed, loop);
        forget(first.get(0), first.get(1), last, feed, loop);
      }
    }
  }

  private ReleaseEvent rollBack(List<ReleaseEvent> first, Feed feed, Loop loop) throws Exception {
    ReleaseEvent good = first.get(0);
    Origin event = order(good, Action.ROLLBACK, feed, loop);
    awaitVerdict("rollback-obeyed", loop);
    asker.await(good.release(), DOMAIN);
    ReleaseEvent next = more(1, feed, loop).get(0);
    assertEquals(good.release(), next.parent());
    Manifest manifest = manifest(next);
    assertEquals(event, manifest.obeyed());
    assertEquals(good.release(), manifest.parent());
    Set<String> takenBack = fresh(manifest(first.get(1)));
    takenBack.addAll(fresh(manifest(first.get(2))));
    assertTrue(manifest.learned().stream().noneMatch(s -> takenBack.contains(s.sample())));
    assertFalse(manifest.learned().stream().noneMatch(LearnedSample::replay));
    asker.await(next.release(), DOMAIN);
    return next;
  }

  /** The pinned release is one that was taken back: it is not current, and a restart finds it. */
  private ReleaseEvent pinThenRelease(
      JobClient serve, ReleaseEvent pinned, ReleaseEvent other, Feed feed, Loop loop)
      throws Exception {
    order(pinned, Action.PIN, feed, loop);
    awaitVerdict("pin-obeyed", loop);
    asker.await(pinned.release(), DOMAIN);
    int published = loop.releases(0).size();
    for (int i = 0; i < 30; i++) {
      teach(feed, loop);
    }
    awaitQuiet(loop);
    awaitVerdict("unpinned", loop);
    serve.cancel().get();
    loop.serve(TinyParts.servings(loop.config()));
    asker.await(pinned.release(), DOMAIN);
    asker.awaitById(other.release(), DOMAIN);
    assertEquals(published, loop.releases(0).size());
    String waits = "sample" + (samples - 1);
    forgetWhilePinned(pinned, waits, feed, loop);
    order(pinned, Action.ROLLBACK, feed, loop);
    ReleaseEvent next = more(1, feed, loop).get(0);
    assertEquals(pinned.release(), next.parent());
    assertTrue(manifest(next).learned().stream().noneMatch(s -> s.sample().equals(waits)));
    asker.await(next.release(), DOMAIN);
    assertReproduced(pinned, loop);
    assertReproduced(next, loop);
    return next;
  }

  /** The pinned release does not know of the sample: it is pinned again behind that order. */
  private void forgetWhilePinned(ReleaseEvent pinned, String waits, Feed feed, Loop loop)
      throws Exception {
    int published = loop.releases(0).size();
    ReleaseEvent forget = pinned.ordering(Action.FORGET, "test").forgetting(List.of(waits));
    Origin unused = feed.place(loop.topics().releases(), DOMAIN, Codecs.releases().encode(forget));
    Origin again = order(pinned, Action.PIN, feed, loop);
    Deadline deadline = new Deadline("the pin at " + again.offset());
    while (loop.verdicts(0).stream()
        .flatMap(verdict -> verdict.rules().stream())
        .noneMatch(
            rule ->
                rule.rule().equals("pin-obeyed")
                    && rule.figures().get("offset") == again.offset())) {
      deadline.check();
    }
    awaitVerdict("forget-obeyed", loop);
    for (int i = 0; i < BATCH; i++) {
      teach(feed, loop);
    }
    awaitQuiet(loop);
    asker.await(pinned.release(), DOMAIN);
    assertEquals(published + 2, loop.releases(0).size());
  }

  /** The lineage is unaffected, knowing, last: what the last two were taught is taught again. */
  private void forget(
      ReleaseEvent unaffected, ReleaseEvent knowing, ReleaseEvent last, Feed feed, Loop loop)
      throws Exception {
    Set<String> gone = Set.copyOf(fresh(manifest(knowing)).stream().sorted().limit(3).toList());
    int published = loop.releases(0).size();
    ReleaseEvent forget =
        unaffected.ordering(Action.FORGET, "test").forgetting(List.copyOf(new TreeSet<>(gone)));
    Origin unused = feed.place(loop.topics().releases(), DOMAIN, Codecs.releases().encode(forget));
    List<ReleaseEvent> again = loop.releases(published + 3);
    ReleaseEvent first = again.get(published + 1);
    ReleaseEvent second = again.get(published + 2);
    asker.await(second.release(), DOMAIN);
    assertEquals(unaffected.release(), first.parent());
    assertEquals(first.release(), second.parent());
    Set<String> kept = fresh(manifest(knowing));
    kept.removeAll(gone);
    assertEquals(kept, fresh(manifest(first)));
    assertEquals(fresh(manifest(last)), fresh(manifest(second)));
    StoredReleases stored = StoredReleases.read(TinyParts.path(loop.config().store().uri()));
    Forgetting forgetting = new Forgetting(stored, gone);
    assertEquals(second.release(), forgetting.lastUnaffected(second.release()));
    assertReproduced(second, loop);
    Proof proof = TinyParts.prove(forgetting, loop.config(), last.release(), second.release());
    assertNotNull(proof);
    assertEquals(3, proof.samples());
    System.out.println(
        "TakeBackIT: "
            + proof
            + ", "
            + proof.forgotten()
            + " of it forgotten, "
            + proof.deviations());
    assertTrue(proof.before() < proof.neverSaw().lowest(), proof::toString);
    assertTrue(proof.forgotten() > 0.5, proof::toString);
    assertEquals(true, proof.sameBytes());
  }

  /** Read from the topic and trained again, it has the same files. */
  private static void assertReproduced(ReleaseEvent release, Loop loop) throws Exception {
    Path store = TinyParts.path(loop.config().store().uri());
    Reproduction reproduction = new Reproduction(StoredReleases.read(store), release.release());
    Map<Origin, RawRecord> records =
        RecordsAt.read(loop.config().kafka(), reproduction.samples().keySet());
    assertEquals(reproduction.samples().keySet(), records.keySet());
    Map<Origin, String> texts = new HashMap<>();
    for (RawRecord record : records.values()) {
      texts.put(record.origin(), Codecs.samples().decode(record.value(), record.origin()).text());
    }
    List<String> trained = new ArrayList<>();
    assertTrue(
        TinyParts.reproduces(reproduction, loop.config(), texts::get, trained::add),
        trained::toString);
    assertEquals(reproduction.lineage(), trained);
  }

  /** Teaches until there are more releases, and nothing is left to learn. */
  private List<ReleaseEvent> more(int count, Feed feed, Loop loop) throws Exception {
    int known = loop.releases(0).size();
    Deadline deadline = new Deadline("more releases");
    while (loop.releases(known).size() < known + count) {
      deadline.check();
      for (int i = 0; i < BATCH; i++) {
        teach(feed, loop);
      }
      awaitQuiet(loop);
    }
    List<ReleaseEvent> releases = loop.releases(known);
    return releases.subList(known, releases.size());
  }

  /** Until each full batch has its verdict, and what a verdict calls a release is announced. */
  private void awaitQuiet(Loop loop) throws Exception {
    int full = teaching / BATCH;
    List<Verdict> verdicts = loop.verdicts(full);
    while (verdicts.stream().filter(verdict -> verdict.samples() > 0).count() < full) {
      verdicts = loop.verdicts(verdicts.size() + 1);
    }
    Set<String> accepted =
        verdicts.stream()
            .filter(Verdict::accepted)
            .map(Verdict::release)
            .collect(Collectors.toSet());
    List<ReleaseEvent> releases = loop.releases(0);
    while (!releases.stream().map(ReleaseEvent::release).toList().containsAll(accepted)) {
      releases = loop.releases(releases.size() + 1);
    }
  }

  private void teach(Feed feed, Loop loop) {
    int n = samples++;
    Sample sample = Feed.sample("sample" + n, DOMAIN, Feed.text(DOMAIN, random), 1_000 + n);
    feed.send(loop.topics().samples(), sample);
    boolean judges = TinyParts.heldOut(loop.config()).contains(null, DOMAIN, sample.document());
    teaching += judges ? 0 : 1;
  }

  private static Origin order(ReleaseEvent release, Action action, Feed feed, Loop loop)
      throws Exception {
    byte[] event = Codecs.releases().encode(release.ordering(action, "test"));
    return feed.place(loop.topics().releases(), DOMAIN, event);
  }

  private static void awaitVerdict(String rule, Loop loop) throws Exception {
    Deadline deadline = new Deadline(rule);
    while (loop.verdicts(0).stream()
        .map(Verdict::rules)
        .flatMap(List::stream)
        .map(RuleResult::rule)
        .noneMatch(rule::equals)) {
      deadline.check();
    }
  }

  private static Manifest manifest(ReleaseEvent event) throws IOException {
    return Manifest.parse(Files.readAllBytes(TinyParts.path(event.uri()).resolve(Manifest.FILE)));
  }

  private static Set<String> fresh(Manifest manifest) {
    return manifest.learned().stream()
        .filter(sample -> !sample.replay())
        .map(LearnedSample::sample)
        .collect(Collectors.toSet());
  }
}
