package dev.millrace.model.swap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.base.FakeBaseModel;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.Routing;
import dev.millrace.model.release.TrainingPlan;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RebasingReleasesTest {

  private final FakeBaseModel old = new FakeBaseModel();
  private final FakeBaseModel next = new FakeBaseModel("next");
  private final LoadedAdapter brought = next.load(FakeBaseModel.adapter(0.5f));
  private final AtomicBoolean away = new AtomicBoolean();
  private final FakeReleases releases = new FakeReleases();
  private final LiveReleases live =
      LiveReleases.of(old, releases, SwapConfig.defaults()).rebasing(this::open);

  @AfterEach
  void everyAdapterIsFreedOnce() {
    live.close();
    brought.close();
    assertEquals(0, old.openAdapters());
    assertEquals(0, next.openAdapters());
    assertEquals(List.of(), old.misuses());
    assertEquals(List.of(), next.misuses());
  }

  private @Nullable NewBase open(ReleaseEvent event) throws IOException {
    if (event.release().equals("of-another")) {
      return null;
    }
    if (away.get()) {
      throw new IOException("the store is away");
    }
    return new NewBase(
        next,
        Map.of("java", "bias-1"),
        Map.of("bias-3", rebased(null, "r3", "bias-3"), "bias-4", rebased("acme", "r4", "bias-4")));
  }

  private Rebased rebased(@Nullable String tenant, String release, String parent) {
    Manifest manifest =
        new Manifest(
            tenant,
            "go",
            "next",
            new TreeMap<>(),
            "int8",
            Routing.topK(1),
            parent,
            3,
            List.of(),
            List.of(new Origin("samples", 0, 42)),
            new TrainingPlan(1, new TreeMap<>(), 1, 1, "fake", "none"),
            List.of(),
            null);
    return new Rebased(release, manifest, brought);
  }

  @Test
  void apply_baseWithARebasedRelease_bothAnswerByOneWriteAndBothGoBack() {
    live.apply(FakeReleases.published("go", 3), 77).join();
    live.apply(FakeReleases.event("acme", "go", Action.PUBLISH, 4), 77).join();
    try (Lease before = live.acquire(null, "go").join();
        Staged staged = live.stage(base("b1", null, 1), 88).join()) {
      assertEquals("old bias-3", answers(null, "go"));
      staged.activate().join();
      assertEquals("old bias-3", who(before), "what is being answered keeps its pair");
      assertEquals("next r3", answers(null, "go"));
      assertEquals("next r4", answers("acme", "go"));
    }
    try (Lease lease = live.acquire(null, "go").join()) {
      LiveRelease about = lease.release();
      assertNotNull(about);
      assertSame(brought, lease.adapter());
      assertEquals(3, about.batch());
      assertEquals(88, about.readMillis());
    }
    live.apply(back(), 99).join();
    assertEquals("old bias-3", answers(null, "go"));
    assertEquals("old bias-4", answers("acme", "go"));
  }

  @Test
  void apply_domainOfARebasedReleaseMovesOnOrIsPinned_itsOwnPairAnswers() {
    live.apply(FakeReleases.event(null, "go", Action.PIN, 3), 77).join();
    live.apply(base("b1", null, 1), 88).join();
    assertEquals("old bias-3", answers(null, "go"));
    live.apply(FakeReleases.event(null, "go", Action.ROLLBACK, 3), 89).join();
    assertEquals("next r3", answers(null, "go"));
    releases.replace("bias-4", FakeReleases.release("fake-base", null, "another", 1));
    SwapResult refused = live.apply(FakeReleases.event(null, "go", Action.PIN, 4), 89).join();
    assertEquals(Outcome.FAILED, refused.outcome());
    assertEquals("next r3", answers(null, "go"), "what was refused pins nothing");
    live.apply(FakeReleases.succeeding("go", 5, 3), 90).join();
    assertEquals("old bias-5", answers(null, "go"));
  }

  @Test
  void acquirePinned_rebasedRelease_answersWhileItsDomainIsWhereItCameFrom() {
    live.apply(FakeReleases.published("go", 3), 77).join();
    live.apply(FakeReleases.event("acme", "go", Action.PUBLISH, 4), 77).join();
    assertThrows(CompletionException.class, () -> live.acquirePinned(null, "r3").join());
    live.apply(base("b1", null, 1), 88).join();
    try (Lease shared = live.acquirePinned("acme", "r3").join();
        Lease own = live.acquirePinned("acme", "r4").join()) {
      assertEquals("next r3", who(shared));
      assertEquals("next r4", who(own));
    }
    assertThrows(CompletionException.class, () -> live.acquirePinned(null, "r4").join());
    live.apply(FakeReleases.event(null, "go", Action.FORGET, 2), 90).join();
    assertEquals("old bias-2", answers(null, "go"));
    assertThrows(CompletionException.class, () -> live.acquirePinned(null, "r3").join());
  }

  @Test
  void apply_base_takesOverWhereItWasTaughtAndWhereNoReleaseIs() {
    live.apply(FakeReleases.published("java", 1), 77).join();
    live.apply(FakeReleases.published("python", 2), 77).join();
    assertEquals("old bias-1", answers(null, "java"));
    assertEquals(Outcome.SWAPPED, live.apply(base("b1", null, 1), 88).join().outcome());
    assertEquals("next b1", answers(null, "java"));
    assertEquals("old bias-2", answers(null, "python"));
    assertEquals("next null", answers(null, "rust"));
    assertEquals("next null", answers(null, null));
    assertSame(next, live.base().base());
    try (Lease lease = live.acquire(null, "java").join()) {
      LiveRelease about = lease.release();
      assertNotNull(about);
      assertEquals("java", about.domain());
      assertEquals(88, about.readMillis());
      assertEquals(42, about.learnedTo().get(0).offset());
    }
  }

  @Test
  void apply_laterReleaseOfATaughtDomain_answersOnItsOwnBase() {
    live.apply(FakeReleases.published("java", 1), 77).join();
    live.apply(base("b1", null, 1), 88).join();
    live.apply(FakeReleases.succeeding("java", 2, 1), 99).join();
    assertEquals("old bias-2", answers(null, "java"));
  }

  @Test
  void acquire_tenantsOwnRelease_isNotTheSharedOneThatWasTaught() {
    live.apply(FakeReleases.event("acme", "java", Action.PUBLISH, 1), 77).join();
    live.apply(base("b1", null, 1), 88).join();
    assertEquals("old bias-1", answers("acme", "java"));
  }

  @Test
  void apply_takenBack_allIsAsBefore() {
    live.apply(FakeReleases.published("java", 1), 77).join();
    live.apply(base("b1", null, 1), 88).join();
    assertEquals(Outcome.SWAPPED, live.apply(back(), 99).join().outcome());
    assertEquals("old bias-1", answers(null, "java"));
    assertEquals("old null", answers(null, null));
  }

  @Test
  void apply_baseThatCannotBeFetched_theOldOneGoesOnAndTheNextEventIsFollowed() {
    away.set(true);
    SwapResult failed = live.apply(base("b1", null, 1), 88).join();
    assertEquals(Outcome.FAILED, failed.outcome());
    assertTrue(failed.reason().contains("the store is away"), failed::reason);
    assertEquals("old null", answers(null, null));
    away.set(false);
    assertEquals(Outcome.SWAPPED, live.apply(base("b1", null, 1), 88).join().outcome());
    assertEquals(Outcome.IGNORED, live.apply(base("b1", null, 1), 88).join().outcome());
    assertEquals("next null", answers(null, null));
  }

  @Test
  void apply_baseThatFollowsAnother_isRefusedAndWhenRestoredTheConfiguredOneAnswers() {
    SwapResult refused = live.apply(base("of-another", null, 1), 88).join();
    assertEquals(Outcome.FAILED, refused.outcome());
    assertTrue(refused.reason().startsWith("base-mismatch: "), refused::reason);
    SwapResult restored = live.restore(base("of-another", null, 1), 88).join();
    assertEquals(Outcome.SWAPPED, restored.outcome());
    assertEquals("old null", answers(null, null));
  }

  /** As after a restart with another base.dir. */
  @Test
  void apply_unpinsABaseInPlaceOfAnother_theNextOneAnswers() {
    ReleaseEvent pin = base("of-another", null, 1).ordering(Action.PIN, "by hand");
    live.restore(pin, 88).join();
    assertEquals(Outcome.IGNORED, live.apply(base("b2", null, 2), 89).join().outcome());
    ReleaseEvent unpinned = pin.ordering(Action.ROLLBACK, "unpinned");
    assertEquals(Outcome.SWAPPED, live.apply(unpinned, 90).join().outcome());
    SwapResult released = live.apply(base("b2", "of-another", 2), 91).join();
    assertEquals(Outcome.SWAPPED, released.outcome(), released.reason());
    assertSame(next, live.base().base());
  }

  @Test
  void apply_pinnedDomain_keepsItsReleaseUntilItIsUnpinned() {
    live.apply(FakeReleases.event(null, "java", Action.PIN, 1), 77).join();
    live.apply(base("b1", null, 1), 88).join();
    assertEquals("old bias-1", answers(null, "java"));
    live.apply(FakeReleases.event(null, "java", Action.ROLLBACK, 1), 99).join();
    assertEquals("next b1", answers(null, "java"));
    try (Staged pin = live.stage(FakeReleases.event(null, "java", Action.PIN, 1), 99).join()) {
      assertEquals("next b1", answers(null, "java"));
      pin.activate().join();
      assertEquals("old bias-1", answers(null, "java"));
    }
  }

  /** Until the command pins it again, which may be cut off before. */
  @Test
  void apply_forgetOfAPinnedDomain_keepsWhatIsLearnedAgainUntilItIsUnpinned() {
    live.apply(FakeReleases.event(null, "go", Action.PIN, 4), 77).join();
    live.apply(held(FakeReleases.event(null, "java", Action.PUBLISH, 1)), 77).join();
    live.apply(held(FakeReleases.event(null, "go", Action.PUBLISH, 2)), 77).join();
    live.apply(base("b1", null, 1), 88).join();
    assertEquals("old bias-1", answers(null, "java"));
    live.apply(FakeReleases.succeeding("go", 3, 2).withEpoch(1), 89).join();
    assertEquals("old bias-3", answers(null, "go"));
    live.apply(FakeReleases.event(null, "go", Action.ROLLBACK, 3), 90).join();
    assertEquals("next r3", answers(null, "go"));
    live.restore(held(FakeReleases.event(null, "java", Action.PUBLISH, 1)).withEpoch(1), 91).join();
    assertEquals("old bias-1", answers(null, "java"));
  }

  /** State has what is followed, and who begins without state begins there too. */
  @Test
  void restore_heldDomainHasLearnedAgain_keepsItsReleaseUntilItIsUnpinned() {
    ReleaseEvent forget = held(FakeReleases.event(null, "java", Action.PUBLISH, 0));
    ReleaseEvent again = FakeReleases.succeeding("java", 1, 0).withEpoch(1);
    live.restore(SwapRule.after(List.of(forget, again)), 77).join();
    live.apply(base("b1", null, 1), 88).join();
    assertEquals("old bias-1", answers(null, "java"));
    live.apply(FakeReleases.event(null, "java", Action.ROLLBACK, 1), 89).join();
    assertEquals("next b1", answers(null, "java"));
  }

  private static ReleaseEvent held(ReleaseEvent event) {
    return event.ordering(Action.FORGET, ReleaseEvent.STAYS_PINNED);
  }

  @Test
  void apply_afterOneWasRefused_theNextIsFollowed() {
    live.apply(base("b1", null, 1), 88).join();
    live.apply(back(), 89).join();
    away.set(true);
    assertEquals(Outcome.FAILED, live.apply(base("b2", null, 2), 90).join().outcome());
    away.set(false);
    assertEquals(Outcome.SWAPPED, live.apply(base("b3", "b2", 3), 91).join().outcome());
    assertEquals(Outcome.IGNORED, live.apply(base("b1", null, 1), 92).join().outcome());
    assertEquals("next null", answers(null, null));
  }

  @Test
  void restore_storeIsAway_baseIsRefusedReleasesAnswerAndItHealsByTheFirstThatAsks() {
    live.apply(FakeReleases.published("java", 1), 77).join();
    away.set(true);
    assertEquals(Outcome.SWAPPED, live.restore(base("b1", null, 1), 88).join().outcome());
    assertEquals("old bias-1", answers(null, "java"));
    CompletionException refused =
        assertThrows(CompletionException.class, () -> live.acquire(null, null).join());
    assertTrue(refused.getCause().getMessage().contains("the store is away"), refused::toString);
    assertNull(live.peek(null, null, Caller.NOBODY));
    away.set(false);
    String healed = null;
    while (healed == null) { // there is a pause between two tries
      try {
        healed = answers(null, null);
      } catch (CompletionException e) {
        Thread.onSpinWait();
      }
    }
    assertEquals("next null", healed);
    assertEquals("next b1", answers(null, "java"));
  }

  @Test
  void close_basesWait_opensNoMoreThanWasBegun() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch until = new CountDownLatch(1);
    AtomicInteger opened = new AtomicInteger();
    LiveReleases closing =
        LiveReleases.of(old, new FakeReleases(), SwapConfig.defaults())
            .rebasing(
                event -> {
                  opened.incrementAndGet();
                  begun.countDown();
                  awaitQuietly(until);
                  return open(event);
                });
    List<CompletableFuture<SwapResult>> applied = new ArrayList<>();
    for (int batch = 1; batch <= 50; batch++) {
      applied.add(closing.apply(base("b" + batch, null, batch), 88));
    }
    begun.await();
    Thread closer = closer(closing);
    until.countDown();
    closer.join();
    assertEquals(1, opened.get());
    assertEquals(Outcome.SWAPPED, applied.get(0).join().outcome());
    applied.subList(1, 50).forEach(event -> assertEquals(Outcome.IGNORED, event.join().outcome()));
  }

  /** Whoever ends the job waits for nobody's download. */
  @Test
  void close_aBaseIsOnItsWay_itIsGivenUp() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch stopped = new CountDownLatch(1);
    BaseSource source =
        new BaseSource() {
          @Override
          public NewBase open(ReleaseEvent event) throws IOException {
            begun.countDown();
            throw new IOException(isGivenUp() ? "given up" : "fetched to its end");
          }

          private boolean isGivenUp() throws IOException {
            try {
              return stopped.await(20, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
          }

          @Override
          public void stop() {
            stopped.countDown();
          }
        };
    CompletableFuture<SwapResult> applied;
    try (LiveReleases closing =
        LiveReleases.of(old, new FakeReleases(), SwapConfig.defaults()).rebasing(source)) {
      applied = closing.apply(base("b1", null, 1), 88);
      begun.await();
    }
    String reason = applied.join().reason();
    assertTrue(reason.contains("given up"), reason);
  }

  @Test
  void close_aBaseAndAnAlignmentAreOnTheirWay_loadsNoMoreAdaptersMeanwhile() throws Exception {
    FakeReleases source = new FakeReleases();
    CountDownLatch begun = new CountDownLatch(2);
    CountDownLatch until = new CountDownLatch(1);
    CountDownLatch read = new CountDownLatch(1);
    source.hold("bias-1", read);
    LiveReleases closing =
        LiveReleases.of(old, source, SwapConfig.defaults())
            .aligning(
                event -> {
                  begun.countDown();
                  awaitQuietly(until);
                  throw new IOException("the store is away");
                })
            .rebasing(
                event -> {
                  begun.countDown();
                  awaitQuietly(until);
                  return open(event);
                });
    CompletableFuture<SwapResult> base = closing.apply(base("b1", null, 1), 88);
    CompletableFuture<SwapResult> alignment =
        closing.apply(event(Kind.ALIGNMENT, "a1", null, 1), 88);
    List<CompletableFuture<SwapResult>> applied = new ArrayList<>();
    for (int batch = 1; batch <= 50; batch++) {
      applied.add(closing.apply(FakeReleases.published("go", batch), 88));
    }
    begun.await();
    source.awaitHeld();
    Thread closer = closer(closing);
    read.countDown();
    applied.forEach(CompletableFuture::join);
    until.countDown();
    closer.join();
    assertEquals(1, source.fetches());
    assertEquals(Outcome.SWAPPED, base.join().outcome());
    assertTrue(alignment.isDone());
  }

  /** One that waits for what is on its way. */
  private static Thread closer(LiveReleases closing) {
    Thread closer = new Thread(closing::close);
    closer.start();
    while (closer.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
    return closer;
  }

  private static void awaitQuietly(CountDownLatch until) throws IOException {
    try {
      until.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @Test
  void acquirePinned_theBasesOwnRelease_isTheBase() {
    live.apply(base("b1", null, 1), 88).join();
    try (Lease lease = live.acquirePinned(null, "b1").join()) {
      assertEquals("next b1", who(lease));
    }
    assertThrows(CompletionException.class, () -> live.acquirePinned(null, "b0").join());
  }

  @Test
  void stage_base_answersWhenItIsActivated() {
    try (Staged staged = live.stage(base("b1", null, 1), 88).join()) {
      assertNull(staged.problem());
      assertEquals("old null", answers(null, null));
      assertEquals(Outcome.SWAPPED, staged.activate().join().outcome());
      assertEquals("next null", answers(null, null));
    }
  }

  @Test
  void acquire_leaseFromBeforeTheSwitch_keepsItsBase() {
    live.apply(FakeReleases.published("java", 1), 77).join();
    try (Lease before = live.acquire(null, "java").join()) {
      live.apply(base("b1", null, 1), 88).join();
      assertSame(old, before.base());
    }
  }

  private String answers(@Nullable String tenant, @Nullable String domain) {
    Lease peeked = live.peek(tenant, domain, Caller.NOBODY);
    try (Lease lease = live.acquire(tenant, domain).join()) {
      String who = who(lease);
      if (peeked != null) {
        assertEquals(who, who(peeked));
        peeked.close();
      }
      return who;
    }
  }

  private String who(Lease lease) {
    LiveRelease release = lease.release();
    return (lease.base() == old ? "old " : "next ") + (release == null ? null : release.release());
  }

  private static ReleaseEvent back() {
    return new ReleaseEvent(
        null, "base", Kind.BASE, Action.ROLLBACK, "", "", null, 1, "test", origin());
  }

  private static ReleaseEvent base(String release, @Nullable String parent, long batch) {
    return event(Kind.BASE, release, parent, batch);
  }

  private static ReleaseEvent event(
      Kind kind, String release, @Nullable String parent, long batch) {
    return new ReleaseEvent(
        null, "base", kind, Action.PUBLISH, release, "memory:", parent, batch, "test", origin());
  }

  private static Origin origin() {
    return new Origin("releases", 0, 5);
  }
}
