package dev.millrace.model.swap;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.FakeBaseModel;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.release.Routing;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(180)
class LiveReleasesTest {

  /** What an adapter of the fake base counts for. */
  private static final int KIB = 1024;

  private static final int[] TOKENS = {1, 2, 3};

  private final FakeBaseModel base = new FakeBaseModel();
  private final FakeReleases source = new FakeReleases();
  private final LiveReleases live = LiveReleases.of(base, source, new SwapConfig(3 * KIB, 2, 100));

  @AfterEach
  void everyAdapterIsFreedOnceAndNoneIsUsedAfterwards() {
    live.close();
    assertEquals(0, base.openAdapters());
    assertEquals(List.of(), base.misuses());
  }

  @Test
  void apply_publishedRelease_servesItsDomainAlone() {
    assertSwapped(FakeReleases.published("java", 3));
    try (Lease lease = live.acquire("any", "java").join()) {
      LiveRelease release = lease.release();
      assertNotNull(release);
      assertEquals("bias-3", release.release());
      assertEquals(77, release.readMillis());
      assertEquals(42, release.learnedTo().get(0).offset());
      assertEquals(scoreOf("bias-3"), score(lease.adapter()));
    }
    assertNull(releaseOf(null, "python"));
    assertNull(releaseOf(null, null));
  }

  /** A copy of all aliases for each event took minutes. */
  @Test
  @Timeout(60)
  void restore_manyDomains_takesAsLongForTheLastAsForTheFirst() {
    int domains = 16_384;
    List<CompletableFuture<SwapResult>> restored = new ArrayList<>();
    for (int i = 0; i < domains; i++) {
      restored.add(live.restore(FakeReleases.published("domain-" + i, i), 77));
    }
    restored.forEach(each -> assertEquals(Outcome.SWAPPED, each.join().outcome()));
    assertEquals(domains, live.counts().registered());
    assertEquals("bias-" + (domains - 1), releaseOf(null, "domain-" + (domains - 1)));
  }

  @Test
  void acquire_otherTenant_seesTheSharedReleaseAndNeverAnothersOwn() {
    assertSwapped(FakeReleases.event("acme", "java", Action.PUBLISH, 1));
    assertEquals("bias-1", releaseOf("acme", "java"));
    assertNull(releaseOf("rival", "java"));
    assertNull(releaseOf(null, "java"));
    assertSwapped(FakeReleases.published("java", 2));
    assertEquals("bias-1", releaseOf("acme", "java"));
    assertEquals("bias-2", releaseOf("rival", "java"));
    assertThrows(IOException.class, () -> pinned("rival", "bias-1"));
    assertThrows(IOException.class, () -> pinned(null, "bias-1"));
  }

  @Test
  void stage_untilActivated_theOldOneServesAndWhatIsLetGoIsFreed() {
    assertSwapped(FakeReleases.published("java", 1));
    try (Staged staged = live.stage(FakeReleases.published("java", 2), 77).join()) {
      assertNull(staged.problem());
      assertEquals(2, base.openAdapters());
      assertEquals("bias-1", releaseOf(null, "java"));
      assertEquals(Outcome.SWAPPED, staged.activate().join().outcome());
      assertEquals("bias-2", releaseOf(null, "java"));
    }
    assertEquals("bias-2", releaseOf(null, "java"));
    int open = base.openAdapters();
    live.stage(FakeReleases.published("java", 3), 77).join().close();
    assertEquals("bias-2", releaseOf(null, "java"));
    assertEquals(open, base.openAdapters());
    assertSwapped(FakeReleases.published("java", 3));
    SwapResult ignored = live.stage(FakeReleases.published("java", 2), 77).join().problem();
    assertNotNull(ignored);
    assertEquals(Outcome.IGNORED, ignored.outcome());
    assertNull(live.stage(FakeReleases.published("java", 4), 77).join().problem());
    // Closing frees what is staged still.
  }

  @Test
  void close_eventsWait_loadsNoMoreThanWasBegun() throws Exception {
    LiveReleases closing = LiveReleases.of(base, source, SwapConfig.defaults());
    CountDownLatch until = new CountDownLatch(1);
    source.hold("bias-1", until);
    List<CompletableFuture<SwapResult>> applied = new ArrayList<>();
    for (int batch = 1; batch <= 50; batch++) {
      applied.add(closing.apply(FakeReleases.published("java", batch), 77));
    }
    source.awaitHeld();
    Thread closer = new Thread(closing::close);
    closer.start();
    while (closer.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
    until.countDown();
    closer.join();
    assertEquals(1, source.fetches());
    assertEquals(Outcome.SWAPPED, applied.get(0).join().outcome());
    for (CompletableFuture<SwapResult> event : applied.subList(1, 50)) {
      assertTrue(event.join().reason().startsWith("closed: "), event.join()::reason);
    }
  }

  @Test
  void stage_warmingThrowsAnError_freesWhatWasLoaded() {
    Error broken = new OutOfMemoryError("made up");
    InvocationHandler breaking =
        (proxy, method, arguments) -> {
          if (method.getName().equals("score")) {
            throw broken;
          }
          return method.invoke(base, arguments);
        };
    BaseModel breaks =
        (BaseModel)
            Proxy.newProxyInstance(
                BaseModel.class.getClassLoader(), new Class<?>[] {BaseModel.class}, breaking);
    try (LiveReleases own = LiveReleases.of(breaks, source, SwapConfig.defaults())) {
      CompletableFuture<Staged> staged = own.stage(FakeReleases.published("java", 1), 77);
      assertSame(broken, assertThrows(CompletionException.class, staged::join).getCause());
      assertEquals(0, base.openAdapters());
    }
  }

  @Test
  void apply_badReleases_leaveTheOldOneServingAndSayWhy() throws IOException {
    assertSwapped(FakeReleases.published("java", 3));
    ReleaseEvent next = FakeReleases.published("java", 4);
    assertFailed("release-unreadable: ", FakeReleases.renamed(next, "gone"));
    source.replace("bias-4", FakeReleases.release("another-base", null, "java", 1));
    assertFailed("base-mismatch: release of base another-base, expected fake-base", next);
    source.replace("bias-4", FakeReleases.release("fake-base", null, "python", 1));
    assertFailed("alias-mismatch: ", next);
    source.replace("bias-4", FakeReleases.release("fake-base", "acme", "java", 1));
    assertFailed("alias-mismatch: ", next);
    AdapterWeights empty = new LoraWeights(new LoraConfig(1, 1, false, List.of()), List.of());
    source.replace("bias-4", FakeReleases.release("fake-base", null, "java", empty, 4));
    assertFailed("release-unreadable: ", next);
    source.route(next, Routing.topK(2));
    assertFailed("routing-mismatch: routing top_k of top 2, expected top 1", next);
    source.replace("bias-4", FakeReleases.release("fake-base", null, "java", 1));
    assertFailed("batch-mismatch: release of batch 0, expected 4", next);
    for (float bias : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
      source.replace(
          "bias-4",
          FakeReleases.release("fake-base", null, "java", FakeBaseModel.adapter(bias), 4));
      assertFailed("not-finite: ", next);
    }
    assertEquals("bias-3", releaseOf(null, "java"));
    assertEquals(1, base.openAdapters());
  }

  @Test
  void apply_olderBatchOrSameRelease_isIgnoredUnlessRolledBack() {
    assertSwapped(FakeReleases.published("java", 5));
    assertIgnored("batch-older: 4, expected at least 5", FakeReleases.published("java", 4));
    assertIgnored("already-live: bias-5", FakeReleases.published("java", 5));
    assertSwapped(FakeReleases.event(null, "java", Action.ROLLBACK, 2));
    assertEquals("bias-2", releaseOf(null, "java"));
    assertSwapped(FakeReleases.succeeding("java", 6, 2));
    assertEquals("bias-6", releaseOf(null, "java"));
  }

  @Test
  void apply_successorOfWhatWasTakenBack_isIgnored() {
    assertSwapped(FakeReleases.published("java", 4));
    assertSwapped(FakeReleases.published("java", 5));
    assertSwapped(FakeReleases.event(null, "java", Action.ROLLBACK, 4));
    assertIgnored(
        "taken-back: parent is bias-5, expected bias-4", FakeReleases.succeeding("java", 6, 5));
    assertIgnored("taken-back: parent is , expected bias-4", FakeReleases.published("java", 5));
    assertSwapped(FakeReleases.succeeding("java", 7, 4));
    assertSwapped(FakeReleases.succeeding("java", 8, 7));
  }

  @Test
  void apply_successorOfATrainerThatCountsAnew_isLive() {
    assertSwapped(FakeReleases.published("java", 7));
    assertSwapped(FakeReleases.event(null, "java", Action.ROLLBACK, 7));
    assertSwapped(FakeReleases.succeeding("java", 1, 7));
    assertSwapped(FakeReleases.succeeding("java", 2, 1));
    assertIgnored("batch-older: 1, expected at least 2", FakeReleases.succeeding("java", 1, 7));
  }

  @Test
  void apply_twoTrainers_onlyTheLaterIsFollowed() {
    assertSwapped(FakeReleases.published("java", 3).withEpoch(50));
    assertSwapped(FakeReleases.succeeding("java", 4, 3).withEpoch(60));
    String fenced = "fenced: trainer of 50, expected at least 60";
    assertIgnored(fenced, FakeReleases.succeeding("java", 5, 4).withEpoch(50));
    assertIgnored(fenced, FakeReleases.event(null, "java", Action.ROLLBACK, 3).withEpoch(50));
    assertSwapped(FakeReleases.event(null, "java", Action.ROLLBACK, 3));
    assertIgnored(fenced, FakeReleases.succeeding("java", 5, 3).withEpoch(50));
    assertSwapped(FakeReleases.succeeding("java", 6, 3).withEpoch(60));
    assertEquals("bias-6", releaseOf(null, "java"));
  }

  /** It may be a successor of the very release that people named, and know what they took back. */
  @Test
  void apply_onItsWayWhenPeopleOrdered_isIgnored() {
    assertSwapped(FakeReleases.published("java", 3).withEpoch(50).withRead(-1L));
    assertSwapped(FakeReleases.event(null, "java", Action.ROLLBACK, 3));
    String overtaken = "overtaken: its trainer had read to offset 2, expected the order at 3";
    assertIgnored(overtaken, FakeReleases.succeeding("java", 4, 3).withEpoch(50).withRead(2L));
    ReleaseEvent ownRollback = FakeReleases.event(null, "java", Action.ROLLBACK, 2);
    assertIgnored(overtaken, ownRollback.withEpoch(50).withRead(2L));
    assertSwapped(FakeReleases.succeeding("java", 4, 3).withEpoch(50).withRead(3L));
    assertIgnored(overtaken, ownRollback.withEpoch(50).withRead(2L));
    assertSwapped(ownRollback.withEpoch(50).withRead(4L));
  }

  /**
   * The broker took it back, as its transaction was open for too long; or it was compacted away.
   */
  @Test
  void apply_firstReleaseAfterAnOrderIsNotOnTheTopic_theNextIsFollowed() {
    assertSwapped(FakeReleases.published("java", 3).withEpoch(50).withRead(-1L));
    assertSwapped(FakeReleases.succeeding("java", 4, 3).withEpoch(50).withRead(-1L));
    assertSwapped(FakeReleases.event(null, "java", Action.ROLLBACK, 3));
    assertIgnored(
        "overtaken: its trainer had read to offset 2, expected the order at 3",
        FakeReleases.succeeding("java", 5, 4).withEpoch(50).withRead(2L));
    assertSwapped(FakeReleases.succeeding("java", 6, 5).withEpoch(50).withRead(3L));
    assertEquals("bias-6", releaseOf(null, "java"));
  }

  /** The topic was made anew, and the trainer goes on from its state. */
  @Test
  void apply_trainerThatHadReadFurtherThanItsEventStands_isFollowedByItsSuccessors() {
    assertSwapped(FakeReleases.published("java", 3).withEpoch(50).withRead(1_000L));
    assertSwapped(FakeReleases.succeeding("java", 4, 3).withEpoch(50).withRead(3L));
    assertSwapped(FakeReleases.event(null, "java", Action.ROLLBACK, 4));
    assertIgnored(
        "overtaken: its trainer had read to offset 3, expected the order at 4",
        FakeReleases.succeeding("java", 5, 4).withEpoch(50).withRead(3L));
  }

  @Test
  void apply_laterTrainerPublishesWhatIsLive_theEarlierIsFencedOff() {
    assertSwapped(FakeReleases.published("java", 3).withEpoch(50));
    assertSwapped(FakeReleases.published("java", 3).withEpoch(60));
    assertIgnored("already-live: bias-3", FakeReleases.published("java", 3).withEpoch(60));
    assertIgnored(
        "fenced: trainer of 50, expected at least 60",
        FakeReleases.event(null, "java", Action.ROLLBACK, 2).withEpoch(50));
  }

  @Test
  void apply_laterTrainerAfterAnEarlierTookBack_isFollowed() {
    assertSwapped(FakeReleases.published("java", 3).withEpoch(50));
    assertSwapped(FakeReleases.event(null, "java", Action.ROLLBACK, 2).withEpoch(50));
    assertSwapped(FakeReleases.succeeding("java", 4, 3).withEpoch(60).withRead(1L));
  }

  @Test
  void apply_olderReleaseReplayedByALaterTrainer_isIgnored() {
    assertSwapped(FakeReleases.published("java", 5).withEpoch(50));
    assertIgnored(
        "batch-older: 4, expected at least 5", FakeReleases.published("java", 4).withEpoch(90));
    ReleaseEvent asNew = FakeReleases.published("java", 6).withEpoch(90);
    source.replace("bias-6", FakeReleases.release("fake-base", null, "java", 4));
    assertFailed("batch-mismatch: release of batch 0, expected 6", asNew);
    assertEquals("bias-5", releaseOf(null, "java"));
  }

  @Test
  void apply_trainerTakesAReleaseBack_theOneBeforeAnswersUnlessPeoplePinned() {
    assertSwapped(FakeReleases.published("java", 1).withEpoch(50));
    assertSwapped(FakeReleases.succeeding("java", 2, 1).withEpoch(50));
    assertSwapped(FakeReleases.event(null, "java", Action.ROLLBACK, 1).withEpoch(50));
    assertEquals("bias-1", releaseOf(null, "java"));
    ReleaseEvent toBase =
        FakeReleases.renamed(FakeReleases.event(null, "java", Action.ROLLBACK, 0), "");
    assertSwapped(toBase.withEpoch(50));
    assertNull(releaseOf(null, "java"));
    assertSwapped(FakeReleases.event(null, "java", Action.PIN, 2));
    assertIgnored("pinned: to bias-2", toBase.withEpoch(50));
    assertEquals("bias-2", releaseOf(null, "java"));
  }

  @Test
  void apply_releaseOnTrial_answersItsShareOfTheCallersAndAlwaysTheSame() {
    assertSwapped(FakeReleases.published("java", 1));
    assertSwapped(FakeReleases.succeeding("java", 2, 1).withholding(0.9));
    int byTrial = 0;
    for (int i = 0; i < 2000; i++) {
      String release = releaseTo(i);
      assertEquals(release, releaseTo(i));
      byTrial += "bias-2".equals(release) ? 1 : 0;
    }
    assertEquals(200, byTrial, 45);
    assertEquals("bias-1", releaseOf(null, "java"));

    assertSwapped(FakeReleases.succeeding("java", 2, 1));
    assertEquals("bias-2", releaseTo(1));
    assertEquals("bias-2", releaseOf(null, "java"));
    assertEquals(2, source.fetches());
  }

  @Test
  void apply_shadow_answersNobodyButThoseWhoNameIt() throws IOException {
    assertSwapped(FakeReleases.published("java", 1).withholding(1));
    for (int i = 0; i < 100; i++) {
      assertNull(releaseTo(i));
    }
    try (Lease lease = pinned(null, "bias-1")) {
      assertNotNull(lease.release());
    }
  }

  /** Whatever the shared domain goes on to answers its tenant, who may name the shadow. */
  @Test
  void apply_shadowOfATenantBesideASharedRelease_theSharedOneAnswersItsTenant() throws IOException {
    ReleaseEvent shadow =
        FakeReleases.event("acme", "java", Action.PUBLISH, 5).withholding(1).withEpoch(50);
    assertSwapped(FakeReleases.published("java", 1));
    assertSwapped(shadow);
    assertSharedAnswersTenant("bias-1");
    assertSwapped(FakeReleases.succeeding("java", 2, 1));
    assertSharedAnswersTenant("bias-2");
    assertSwapped(
        FakeReleases.event("acme", "java", Action.PUBLISH, 6).withholding(1).withEpoch(50));
    assertSharedAnswersTenant("bias-2");
    assertSwapped(FakeReleases.event("acme", "java", Action.PUBLISH, 7).withEpoch(50));
    assertEquals("bias-7", releaseOf("acme", "java"));
    assertEquals("bias-2", releaseOf("other", "java"));
    ReleaseEvent back =
        FakeReleases.renamed(FakeReleases.event("acme", "java", Action.ROLLBACK, 0), "");
    assertSwapped(back.withEpoch(50));
    assertEquals("bias-2", releaseOf("acme", "java"));
  }

  @Test
  void restore_shadowOfATenantBesideASharedRelease_theSharedOneAnswersItsTenant()
      throws IOException {
    ReleaseEvent shadow = FakeReleases.event("acme", "java", Action.PUBLISH, 5).withholding(1);
    assertEquals(Outcome.SWAPPED, live.restore(shadow, 77).join().outcome());
    assertNull(releaseOf("acme", "java"));
    ReleaseEvent shared = FakeReleases.published("java", 1);
    assertEquals(Outcome.SWAPPED, live.restore(shared, 77).join().outcome());
    assertSharedAnswersTenant("bias-1");
  }

  private void assertSharedAnswersTenant(String release) throws IOException {
    assertEquals(release, releaseOf("acme", "java"));
    for (int i = 1; i < 100; i++) {
      try (Lease lease = live.acquire("acme", "java", i).join()) {
        assertEquals(release, lease.release().release());
      }
    }
    try (Lease lease = pinned("acme", "bias-5")) {
      assertEquals("acme", lease.release().tenant());
    }
  }

  @Test
  void apply_rollbackWhileOnTrial_theOneBeforeAnswersAllAgain() {
    assertSwapped(FakeReleases.published("java", 1).withEpoch(50));
    assertSwapped(FakeReleases.succeeding("java", 2, 1).withholding(0.5).withEpoch(50));
    assertSwapped(FakeReleases.event(null, "java", Action.ROLLBACK, 1).withEpoch(50));
    for (int i = 0; i < 100; i++) {
      assertEquals("bias-1", releaseTo(i));
    }
    assertSwapped(FakeReleases.succeeding("java", 3, 1).withholding(0.5).withEpoch(50));
  }

  /** Else the release before its parent would answer for as long as the trial takes. */
  @Test
  void apply_trialWhoseParentCouldNotBeRead_waitsForItsParent() {
    ReleaseEvent trial = trial();
    assertSwapped(FakeReleases.published("java", 0));
    source.lose(PARENT);
    assertFailed("release-unreadable: ", named(PARENT, Action.PUBLISH, "bias-0", 1));
    assertFailed("release-unreadable: ", trial);
    assertEquals(Set.of("bias-0"), answering());
    source.find(PARENT);
    assertSwapped(trial);
    assertEquals(Set.of(PARENT, CHILD), answering());
  }

  /** So it is for whoever reads the event later, and after a restart. */
  @Test
  void apply_trialWithoutAParentBesideARelease_theBaseAnswersTheOthers() {
    ReleaseEvent trial = FakeReleases.published("java", 2).withholding(0.5);
    assertSwapped(FakeReleases.published("java", 1));
    assertSwapped(trial);
    assertEquals("", trial.answering());
    assertNull(releaseOf(null, "java"));
  }

  @Test
  void apply_trialIsAllThatIsLeftOfTheTopic_itsParentAnswersTheOthers() {
    assertSwapped(trial());
    assertEquals(Set.of(PARENT, CHILD), answering());
  }

  @Test
  void apply_trialIsAllThatIsLeftOfTheTopicAndCannotBeRead_itsParentAnswersAllUntilItCan() {
    ReleaseEvent trial = trial();
    source.lose(CHILD);
    assertFollowedUnread("release-unreadable: ", trial);
    assertEquals(Set.of(PARENT), answering());
    source.find(CHILD);
    assertEquals(Set.of(PARENT, CHILD), answering());
  }

  @Test
  void restore_trialCannotBeRead_itsParentAnswersAllUntilItCan() {
    ReleaseEvent trial = trial();
    source.lose(CHILD);
    assertRestoredUnread("release-unreadable: ", trial);
    assertEquals(Set.of(PARENT), answering());
    source.find(CHILD);
    assertEquals(Set.of(PARENT, CHILD), answering());
  }

  @Test
  void restore_trialCannotBeReadAndIsPublishedToAll_itsParentAnswersOn() {
    ReleaseEvent trial = trial();
    source.lose(CHILD);
    assertRestoredUnread("release-unreadable: ", trial);
    assertFailed("release-unreadable: ", trial.withholding(0));
    assertEquals(Set.of(PARENT), answering());
    source.find(CHILD);
    assertSwapped(trial.withholding(0));
    assertEquals(Set.of(CHILD), answering());
  }

  @Test
  void restore_neitherTrialNorItsParentCanBeRead_theBaseDoesNotAnswerInTheirPlace() {
    ReleaseEvent trial = trial();
    source.lose(CHILD);
    source.lose(PARENT);
    assertRestoredUnread("release-unreadable: ", trial);
    assertRefused("release-unreadable: ", "java");
    source.find(PARENT);
    assertEquals(Set.of(PARENT), answering());
    source.find(CHILD);
    assertEquals(Set.of(PARENT, CHILD), answering());
  }

  @Test
  void restore_trialIsInvalid_itsParentAnswersAndTheTrialIsTakenBackAsEver() {
    ReleaseEvent trial = trial();
    source.replace(CHILD, FakeReleases.release("fake-base", null, "python", 2));
    assertRestoredUnread("alias-mismatch: ", trial);
    assertEquals(Set.of(PARENT), answering());
    assertSwapped(named(PARENT, Action.ROLLBACK, null, 1));
    assertEquals(Set.of(PARENT), answering());
  }

  @Test
  void restore_trialOfADomainsFirstReleaseCannotBeRead_theBaseAnswers() {
    source.lose("bias-1");
    assertRestoredUnread(
        "release-unreadable: ", FakeReleases.published("java", 1).withholding(0.5));
    assertNull(releaseOf(null, "java"));
    for (int i = 0; i < 100; i++) {
      assertNull(releaseTo(i));
    }
  }

  /** What was restored is not read before somebody asks: until then nothing can have said so. */
  @Test
  void lost_restoredAndCannotBeRead_isToldOnceAndWhatWasToldOtherwiseIsNot() {
    source.lose("bias-1");
    SwapResult restored = live.restore(FakeReleases.published("java", 1), 77).join();
    assertEquals("", restored.reason());
    assertEquals(List.of(), live.lost());
    assertRefused("release-unreadable: ", "java");
    assertRefused("release-unreadable: ", "java");
    List<SwapResult> lost = live.lost();
    assertEquals(1, lost.size());
    assertEquals("bias-1", lost.get(0).event().release());
    assertTrue(lost.get(0).reason().startsWith("release-unreadable: "), lost.get(0).reason());
    assertEquals(List.of(), live.lost());

    assertFollowedUnread("release-unreadable: ", FakeReleases.published("legal", 1));
    assertRefused("release-unreadable: ", "legal");
    assertEquals(List.of(), live.lost());
  }

  /** Whoever asks by id is told by what published it: that is not what the domain follows. */
  @Test
  void lost_askedForByIdFirst_isToldOnceOfTheEventThatIsFollowed() {
    source.lose("bias-1");
    live.restore(FakeReleases.published("java", 1), 77).join();
    live.restore(FakeReleases.event(null, "java", Action.ROLLBACK, 1), 77).join();
    assertThrows(CompletionException.class, () -> live.acquirePinned(null, "bias-1").join());
    assertRefused("release-unreadable: ", "java");
    assertEquals(
        List.of(Action.ROLLBACK), live.lost().stream().map(told -> told.event().action()).toList());
  }

  private static final String PARENT = "a".repeat(64);
  private static final String CHILD = "b".repeat(64);

  /** Of a child, which is in the store with its parent. */
  private ReleaseEvent trial() {
    AdapterWeights adapter = FakeBaseModel.adapter(0.5f);
    source.replace(PARENT, FakeReleases.release("fake-base", null, "java", adapter, 1));
    source.replace(CHILD, FakeReleases.release("fake-base", null, "java", adapter, 2));
    return named(CHILD, Action.PUBLISH, PARENT, 2).withholding(0.5);
  }

  private static ReleaseEvent named(
      String release, Action action, @Nullable String parent, long batch) {
    String uri = "memory:/" + release;
    Origin at = new Origin("releases", 0, 9);
    return new ReleaseEvent(
        null, "java", Kind.ADAPTER, action, release, uri, parent, batch, "test", at);
  }

  /** What answers a hundred callers. */
  private Set<String> answering() {
    Set<String> answering = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      answering.add(releaseTo(i));
    }
    return answering;
  }

  private void assertRestoredUnread(String reason, ReleaseEvent event) {
    SwapResult result = live.restore(event, 77).join();
    assertEquals(Outcome.SWAPPED, result.outcome(), result.reason());
    assertTrue(result.reason().startsWith(reason), result.reason());
  }

  /** The release that answers the caller with a key. */
  private @Nullable String releaseTo(int key) {
    long caller = Caller.of(ByteBuffer.wrap(("key " + key).getBytes(UTF_8)));
    try (Lease lease = live.acquire(null, "java", caller).join()) {
      return lease.release() == null ? null : lease.release().release();
    }
  }

  @Test
  void apply_pinnedAlias_staysUntilItIsRolledBack() {
    assertSwapped(FakeReleases.event(null, "java", Action.PIN, 1));
    assertIgnored("pinned: to bias-1", FakeReleases.published("java", 9));
    assertSwapped(FakeReleases.event(null, "java", Action.ROLLBACK, 1));
    assertSwapped(FakeReleases.succeeding("java", 9, 1));
  }

  @Test
  void apply_releaseOfABase_isIgnored() {
    ReleaseEvent event =
        new ReleaseEvent(null, "java", Kind.BASE, Action.PUBLISH, "b", "", null, 0, "", origin());
    assertIgnored("kind-unsupported: BASE, expected ADAPTER", event);
  }

  @Test
  void apply_forgotten_returnsTheDomainToTheBaseAndItsReleasesAreGone() {
    assertSwapped(FakeReleases.published("java", 1));
    assertSwapped(FakeReleases.published("java", 2));
    assertSwapped(FakeReleases.renamed(FakeReleases.event(null, "java", Action.FORGET, 0), ""));
    assertNull(releaseOf(null, "java"));
    assertThrows(IOException.class, () -> pinned(null, "bias-1"));
    assertThrows(IOException.class, () -> pinned(null, "bias-2"));
    assertEquals(0, base.openAdapters());
  }

  @ParameterizedTest
  @EnumSource(names = {"PIN", "ROLLBACK", "FORGET"})
  void apply_orderWhoseReleaseCannotBeRead_isFollowedAndRefusesUntilItCanBe(Action order) {
    assertSwapped(FakeReleases.published("java", 1));
    assertSwapped(FakeReleases.published("java", 2));
    source.lose("bias-0");
    assertFollowedUnread("release-unreadable: ", FakeReleases.event(null, "java", order, 0));
    assertRefused("release-unreadable: ", "java");
    assertNull(live.peek(null, "java", Caller.NOBODY));
    SwapResult late = live.apply(FakeReleases.succeeding("java", 3, 2), 77).join();
    assertEquals(Outcome.IGNORED, late.outcome(), "it is what was taken back that it succeeds");
    source.find("bias-0");
    assertEquals("bias-0", releaseOf(null, "java"));
  }

  @Test
  void apply_pinWhoseReleaseCannotBeReadNow_pinsAllTheSame() {
    assertSwapped(FakeReleases.published("java", 1));
    source.lose("bias-0");
    assertFollowedUnread("release-unreadable: ", FakeReleases.event(null, "java", Action.PIN, 0));
    assertIgnored("pinned: to bias-0", FakeReleases.succeeding("java", 3, 0));
  }

  @ParameterizedTest
  @EnumSource(names = {"PIN", "ROLLBACK", "FORGET"})
  void apply_orderToWhatWasRead_answersByItThoughItsStoreIsAwayByNow(Action order)
      throws IOException {
    assertSwapped(FakeReleases.published("java", 1));
    assertSwapped(FakeReleases.published("java", 2));
    assertSwapped(FakeReleases.event(null, "java", order, 1));
    assertSwapped(FakeReleases.event(null, "java", order, 1));
    source.lose("bias-1");
    assertEquals("bias-1", releaseOf(null, "java"));
    assertPinned("bias-1");
    assertEquals(order == Action.FORGET ? 1 : 2, base.openAdapters());
  }

  @Test
  void apply_forgetToAnInvalidRelease_nothingAnswersThatKnows() {
    assertSwapped(FakeReleases.published("java", 2));
    source.replace("bias-1", FakeReleases.release("fake-base", null, "python", 1));
    assertFailed("alias-mismatch: ", FakeReleases.event(null, "java", Action.ROLLBACK, 1));
    assertEquals("bias-2", releaseOf(null, "java"));
    assertFollowedUnread("alias-mismatch: ", FakeReleases.event(null, "java", Action.FORGET, 1));
    assertRefused("alias-mismatch: ", "java");
    assertThrows(IOException.class, () -> pinned(null, "bias-2"));
  }

  @ParameterizedTest
  @EnumSource(names = {"PIN", "ROLLBACK"})
  void apply_firstOrderOfADomainNamesAnInvalidRelease_theBaseDoesNotAnswerInItsPlace(Action order) {
    source.replace("bias-1", FakeReleases.release("fake-base", null, "python", 1));
    assertFailed("alias-mismatch: ", FakeReleases.published("java", 1));
    assertNull(releaseOf(null, "java"));
    assertFollowedUnread("alias-mismatch: ", FakeReleases.event(null, "java", order, 1));
    assertRefused("alias-mismatch: ", "java");
    assertSwapped(FakeReleases.event(null, "java", Action.ROLLBACK, 2));
    assertEquals("bias-2", releaseOf(null, "java"));
  }

  /** Such an order may be all that compaction left of a domain; learn refused it, and goes on. */
  @ParameterizedTest
  @EnumSource(names = {"PIN", "ROLLBACK"})
  void apply_publishedAfterAFirstOrderOfAnInvalidRelease_answers(Action order) {
    source.replace("bias-1", FakeReleases.release("fake-base", null, "python", 1));
    assertFollowedUnread("alias-mismatch: ", FakeReleases.event(null, "java", order, 1));
    assertSwapped(FakeReleases.succeeding("java", 4, 3).withEpoch(50).withRead(1L));
    assertEquals("bias-4", releaseOf(null, "java"));
  }

  /** As after a restart on another base. */
  @Test
  void apply_unpinsWhatCannotBeUsedHere_whatIsLearnedNextAnswers() {
    source.replace("bias-1", FakeReleases.release("other-base", null, "java", 1));
    live.restore(FakeReleases.event(null, "java", Action.PIN, 1), 77).join();
    assertRefused("base-mismatch: ", "java");
    source.replace("bias-0", FakeReleases.release("other-base", null, "java", 0));
    assertFailed("base-mismatch: ", FakeReleases.event(null, "java", Action.ROLLBACK, 0));
    assertSwapped(FakeReleases.event(null, "java", Action.ROLLBACK, 1));
    assertRefused("base-mismatch: ", "java");
    assertSwapped(FakeReleases.succeeding("java", 2, 1));
    assertEquals("bias-2", releaseOf(null, "java"));
  }

  @ParameterizedTest
  @EnumSource(names = {"PIN", "ROLLBACK"})
  void apply_ordersWhatAnswersAndIsDamagedByNow_isFollowedAndAnswersOn(Action order) {
    assertSwapped(FakeReleases.published("java", 1));
    source.replace("bias-1", FakeReleases.release("fake-base", null, "python", 1));
    assertSwapped(FakeReleases.event(null, "java", order, 1));
    assertEquals("bias-1", releaseOf(null, "java"));
  }

  /** Only the very files that answer already need not be read again. */
  @Test
  void apply_ordersWhatAnswersInAnotherFolderOrOfAnotherBatch_isReadAgain() {
    assertSwapped(FakeReleases.published("java", 1));
    int fetches = source.fetches();
    assertSwapped(FakeReleases.event(null, "java", Action.PIN, 1));
    assertEquals(fetches, source.fetches());
    assertSwapped(pin("memory:copy", 1));
    assertEquals(fetches + 1, source.fetches());
    assertFailed("batch-mismatch: release of batch 1, expected 7", pin("memory:copy", 7));
  }

  private static ReleaseEvent pin(String uri, long batch) {
    return new ReleaseEvent(
        null, "java", Kind.ADAPTER, Action.PIN, "bias-1", uri, null, batch, "test", origin());
  }

  @Test
  void apply_firstReleaseOfADomainCannotBeRead_theBaseDoesNotAnswerInItsPlace() {
    source.lose("bias-1");
    assertFollowedUnread("release-unreadable: ", FakeReleases.published("java", 1));
    assertRefused("release-unreadable: ", "java");
    source.find("bias-1");
    assertEquals("bias-1", releaseOf(null, "java"));
    source.lose("bias-2");
    assertFailed("release-unreadable: ", FakeReleases.published("java", 2));
    assertEquals("bias-1", releaseOf(null, "java"));
  }

  @Test
  void stage_orderWhoseReleaseCannotBeRead_saysSoAndTakesEffect() {
    assertSwapped(FakeReleases.published("java", 2));
    source.lose("bias-1");
    try (Staged staged = live.stage(FakeReleases.event(null, "java", Action.PIN, 1), 77).join()) {
      assertNull(staged.problem());
      assertTrue(staged.missing().startsWith("release-unreadable: "), staged.missing());
      assertEquals("bias-2", releaseOf(null, "java"));
      assertEquals(Outcome.SWAPPED, staged.activate().join().outcome());
      assertRefused("release-unreadable: ", "java");
    }
  }

  private void assertFollowedUnread(String reason, ReleaseEvent event) {
    SwapResult result = live.apply(event, 77).join();
    assertEquals(Outcome.SWAPPED, result.outcome(), result.reason());
    assertTrue(result.reason().startsWith(reason), result.reason());
  }

  private void assertRefused(String reason, String domain) {
    CompletionException refused =
        assertThrows(CompletionException.class, () -> live.acquire(null, domain).join().close());
    assertTrue(refused.getCause().getMessage().startsWith(reason), refused::toString);
  }

  @Test
  void apply_takenBackToTheBase_whatAnsweredTakesItsRoomOnce() {
    assertSwapped(FakeReleases.published("java", 1));
    assertSwapped(FakeReleases.renamed(FakeReleases.event(null, "java", Action.ROLLBACK, 0), ""));
    assertEquals(KIB, live.counts().bytes());
  }

  @Test
  void acquire_heldOverManySwaps_keepsItsReleaseAlive() {
    assertSwapped(FakeReleases.published("java", 0));
    try (Lease lease = live.acquire(null, "java").join()) {
      for (int i = 1; i < 20; i++) {
        assertSwapped(FakeReleases.published("java", i));
      }
      assertEquals(scoreOf("bias-0"), score(lease.adapter()));
      lease.close();
      assertTrue(base.openAdapters() <= 3, base.openAdapters() + " adapters");
    }
  }

  @Test
  void acquirePinned_releaseThatLeftMemory_isFetchedAgain() throws IOException {
    for (int i = 0; i < 6; i++) {
      assertSwapped(FakeReleases.published("java", i));
    }
    for (int i = 0; i < 6; i++) {
      assertPinned("bias-" + i);
    }
    assertTrue(source.fetches() >= 6 + 3, source.fetches() + " fetches");
    IOException unknown = assertThrows(IOException.class, () -> pinned(null, "bias-99"));
    assertEquals("unknown-release: bias-99", unknown.getMessage());
  }

  @Test
  void acquirePinned_moreThanMayBeKnown_whatWasReadFirstIsNot() {
    try (LiveReleases few = LiveReleases.of(base, source, new SwapConfig(9 * KIB, 2, 2))) {
      for (int i = 0; i < 3; i++) {
        few.apply(FakeReleases.published("java", i), 77).join();
      }
      few.acquirePinned(null, "bias-1").join().close();
      few.acquirePinned(null, "bias-2").join().close();
      assertThrows(CompletionException.class, () -> few.acquirePinned(null, "bias-0").join());
    }
  }

  @Test
  void acquirePinned_idThatIsLookedFor_holdsUpNoEvent() {
    assertSwapped(inStore("a"));
    CountDownLatch until = new CountDownLatch(1);
    source.hold("b".repeat(64), until);
    CompletableFuture<Lease> unknown = live.acquirePinned(null, "b".repeat(64));
    source.awaitHeld();
    assertSwapped(FakeReleases.renamed(FakeReleases.event(null, "java", Action.FORGET, 9), ""));
    assertFalse(unknown.isDone());
    until.countDown();
    assertThrows(CompletionException.class, unknown::join);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void acquirePinned_forgottenWhileItIsLookedFor_isNotFound(boolean goesOn) {
    assertSwapped(inStore("a"));
    inStore("b");
    CountDownLatch until = new CountDownLatch(1);
    source.hold("b".repeat(64), until);
    CompletableFuture<Lease> found = live.acquirePinned(null, "b".repeat(64));
    source.awaitHeld();
    assertSwapped(FakeReleases.renamed(FakeReleases.event(null, "java", Action.FORGET, 9), ""));
    if (goesOn) {
      assertSwapped(inStore("c"));
    }
    until.countDown();
    CompletionException failure = assertThrows(CompletionException.class, found::join);
    assertEquals("unknown-release: " + "b".repeat(64), failure.getCause().getMessage());
    if (!goesOn) {
      assertThrows(IOException.class, () -> pinned(null, "b".repeat(64)));
    }
  }

  @Test
  void acquirePinned_absentId_isNotLookedForAgainForAWhile() throws IOException {
    AtomicLong nanos = new AtomicLong();
    try (LiveReleases timed =
        new AtomicLiveReleases(
            List.of(base), source, new SwapConfig(3 * KIB, 2, 100), nanos::get)) {
      assertEquals(Outcome.SWAPPED, timed.apply(inStore("a"), 77).join().outcome());
      String absent = "b".repeat(64);
      assertThrows(CompletionException.class, () -> timed.acquirePinned(null, absent).join());
      int fetches = source.fetches();
      for (int i = 0; i < 10; i++) {
        assertThrows(CompletionException.class, () -> timed.acquirePinned(null, absent).join());
      }
      assertEquals(fetches, source.fetches());
      inStore("b");
      nanos.addAndGet(TimeUnit.SECONDS.toNanos(6));
      try (Lease lease = timed.acquirePinned(null, absent).join()) {
        assertNotNull(lease.release());
      }
    }
  }

  @Test
  void acquirePinned_besideWhatADomainWentBackToToForget_isNotFound() throws IOException {
    assertSwapped(inStore(null, "a").withAction(Action.FORGET));
    inStore(null, "b");
    assertThrows(IOException.class, () -> pinned(null, "b".repeat(64)));
    pinned(null, "a".repeat(64)).close();
  }

  @Test
  void acquirePinned_releaseOfAnotherTenantThatLiesInTheStore_isNotFound() throws IOException {
    assertSwapped(inStore("acme", "a"));
    inStore("acme", "b");
    assertThrows(IOException.class, () -> pinned("rival", "b".repeat(64)));
    assertThrows(IOException.class, () -> pinned(null, "b".repeat(64)));
    pinned("acme", "b".repeat(64)).close();
  }

  private ReleaseEvent inStore(String letter) {
    return inStore(null, letter);
  }

  /** A release by the name of its folder; the event that publishes it. */
  private ReleaseEvent inStore(@Nullable String tenant, String letter) {
    String id = letter.repeat(64);
    source.replace(
        id, FakeReleases.release("fake-base", tenant, "java", FakeBaseModel.adapter(0.5f), 2));
    String uri = "memory:/" + id;
    return new ReleaseEvent(
        tenant, "java", Kind.ADAPTER, Action.PUBLISH, id, uri, null, 2, "test", origin());
  }

  @Test
  void acquire_whileReleasesChange_neverMixesNorUsesAFreedOne() {
    assertSwapped(FakeReleases.published("java", 0));
    AtomicBoolean done = new AtomicBoolean();
    List<CompletableFuture<Integer>> readers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      readers.add(CompletableFuture.supplyAsync(() -> readUntil(done)));
    }
    List<CompletableFuture<SwapResult>> swaps = new ArrayList<>();
    for (int i = 1; i <= 3000; i++) {
      swaps.add(live.apply(FakeReleases.published("java", i), i));
    }
    swaps.forEach(swap -> assertEquals(Outcome.SWAPPED, swap.join().outcome()));
    done.set(true);
    readers.forEach(reader -> assertTrue(reader.join() > 0));
    assertEquals("bias-3000", releaseOf(null, "java"));
    while (base.openAdapters() > 3) { // a thread that fetched lets go after those who asked
      Thread.onSpinWait();
    }
  }

  private int readUntil(AtomicBoolean done) {
    int reads = 0;
    long last = 0;
    while (!done.get() || reads == 0) {
      try (Lease lease = live.acquire(null, "java").join()) {
        LiveRelease release = lease.release();
        assertNotNull(release);
        assertEquals(scoreOf(release.release()), score(lease.adapter()));
        assertTrue(release.batch() >= last, "went back from " + last + " to " + release.batch());
        last = release.batch();
        reads++;
      }
    }
    return reads;
  }

  private void assertPinned(String release) throws IOException {
    try (Lease lease = pinned(null, release)) {
      assertEquals(scoreOf(release), score(lease.adapter()));
    }
  }

  private Lease pinned(@Nullable String tenant, String release) throws IOException {
    try {
      return live.acquirePinned(tenant, release).join();
    } catch (CompletionException e) {
      throw (IOException) e.getCause();
    }
  }

  private @Nullable String releaseOf(@Nullable String tenant, @Nullable String domain) {
    try (Lease lease = live.acquire(tenant, domain).join()) {
      return lease.release() == null ? null : lease.release().release();
    }
  }

  private double score(LoadedAdapter adapter) {
    return base.score(List.of(new Sequence(TOKENS, adapter))).get(0).logProb();
  }

  private double scoreOf(String release) {
    return base.scoreAsTrained(FakeBaseModel.adapter(FakeReleases.bias(release)), List.of(TOKENS))
        .get(0)
        .logProb();
  }

  private void assertSwapped(ReleaseEvent event) {
    SwapResult result = live.apply(event, 77).join();
    assertEquals(Outcome.SWAPPED, result.outcome(), result.reason());
  }

  private void assertIgnored(String reason, ReleaseEvent event) {
    SwapResult result = live.apply(event, 77).join();
    assertEquals(Outcome.IGNORED, result.outcome());
    assertEquals(reason, result.reason());
  }

  private void assertFailed(String reason, ReleaseEvent event) {
    SwapResult result = live.apply(event, 77).join();
    assertEquals(Outcome.FAILED, result.outcome());
    assertTrue(result.reason().startsWith(reason), result.reason());
  }

  private static dev.millrace.schema.Origin origin() {
    return new dev.millrace.schema.Origin("releases", 0, 0);
  }
}
