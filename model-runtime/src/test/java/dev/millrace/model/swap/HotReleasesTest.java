package dev.millrace.model.swap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.assign.Profile;
import dev.millrace.model.base.FakeBaseModel;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.model.text.ByteTokenizer;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(180)
class HotReleasesTest {

  private static final int DOMAINS = 1024;
  private static final int ROOM = 100;

  /** What an adapter of the fake base counts for. */
  private static final int KIB = 1024;

  private final FakeBaseModel base = new FakeBaseModel();
  private final FakeReleases source = new FakeReleases();
  private final LiveReleases live =
      LiveReleases.of(base, source, new SwapConfig(ROOM * KIB, 2, 10_000));

  @AfterEach
  void everyAdapterIsFreedOnceAndNoneIsUsedAfterwards() {
    live.close();
    assertEquals(0, base.openAdapters());
    assertEquals(List.of(), base.misuses());
  }

  @Test
  void acquire_moreDomainsThanThereIsRoomFor_eachAnswersByItsOwnAndTheBoundHolds() {
    for (int i = 0; i < DOMAINS; i++) {
      assertSwapped(live.apply(event(i), i));
      assertBound();
    }
    for (int i = 0; i < DOMAINS; i++) {
      assertAnswers(i);
      awaitOpen(ROOM);
      assertBound();
    }
    HotCounts counts = live.counts();
    assertEquals(DOMAINS, counts.registered());
    assertEquals(DOMAINS, counts.hits() + counts.misses());
    assertTrue(counts.misses() >= DOMAINS - ROOM, counts.toString());
    assertEquals(DOMAINS + counts.misses(), source.fetches());
    assertTrue(counts.evictions() >= DOMAINS + counts.misses() - 2 * ROOM, counts.toString());
  }

  private void assertBound() {
    HotCounts counts = live.counts();
    assertTrue(counts.bytes() <= ROOM * KIB && base.openAdapters() <= ROOM, counts.toString());
    assertEquals(base.openAdapters(), counts.loaded());
  }

  @Test
  void restore_registry_isThereWithoutAFetch() {
    restoreAll();
    assertEquals(DOMAINS, live.counts().registered());
    assertEquals(0, source.fetches());
    assertEquals(0, base.openAdapters());
    assertAnswers(7);
    assertEquals(1, source.fetches());
    assertNull(live.peek(null, domain(8), Caller.NOBODY));
    assertEquals(1, source.fetches());
  }

  @Test
  void counts_fetched_tellMilliseconds() {
    assertSwapped(live.restore(event(0), 0));
    long start = System.nanoTime();
    assertAnswers(0);
    long most = 1 + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    assertTrue(live.counts().fetchMillis() <= most, () -> live.counts() + ", most " + most);
  }

  @Test
  void counts_onTrialBesideTheBase_isNotRegistered() {
    assertSwapped(live.apply(event(1).withholding(0.5), 0));
    assertEquals(0, live.counts().registered());
    assertSwapped(live.apply(event(1), 0));
    assertEquals(1, live.counts().registered());
  }

  @Test
  void acquire_scanOverAllOthers_leavesTheHotSetInMemory() {
    restoreAll();
    int hot = ROOM / 2;
    for (int round = 0; round < 5; round++) {
      IntStream.range(0, hot).forEach(this::assertAnswers);
    }
    IntStream.range(hot, DOMAINS).forEach(this::assertAnswers);
    long misses = live.counts().misses();
    IntStream.range(0, hot).forEach(this::assertAnswers);
    assertTrue(live.counts().misses() - misses <= 2, live.counts().toString());
  }

  /**
   * How often a domain is asked for is what keeps a place, not how often one of its releases is.
   */
  @Test
  void apply_successorInAHotDomain_outlastsAScanLikeTheOneBefore() {
    restoreAll();
    for (int round = 0; round < 5; round++) {
      IntStream.range(0, ROOM).forEach(this::assertAnswers);
    }
    int next = 5000;
    assertSwapped(live.apply(succeeding(3, next), 0));
    IntStream.range(ROOM, DOMAINS).forEach(this::assertAnswers);
    Lease lease = live.peek(null, domain(3), Caller.NOBODY);
    assertNotNull(lease);
    try (lease) {
      assertEquals("bias-" + next, release(lease));
    }
  }

  @Test
  void acquirePinned_askedForOnceMore_outlastsABurstOfSwaps() {
    for (int i = 0; i < ROOM; i++) {
      assertSwapped(live.apply(FakeReleases.published("java", i), 0));
    }
    for (int i = 0; i < 5; i++) {
      live.acquirePinned(null, "bias-0").join().close();
    }
    for (int i = ROOM; i < 4 * ROOM; i++) {
      assertSwapped(live.apply(FakeReleases.published("java", i), 0));
    }
    int fetches = source.fetches();
    live.acquirePinned(null, "bias-0").join().close();
    live.acquire(null, "java").join().close();
    assertEquals(fetches, source.fetches());
  }

  @Test
  void acquire_heldThroughAScan_staysUsableIsNotLoadedTwiceAndIsFreedThen() {
    restoreAll();
    try (Lease held = live.acquire(null, domain(0)).join()) {
      for (int round = 0; round < 3; round++) {
        IntStream.range(1, ROOM + 1).forEach(this::assertAnswers);
      }
      IntStream.range(ROOM, DOMAINS).forEach(this::assertAnswers);
      assertEquals("bias-0", release(held));
      assertEquals(scoreOf(0), score(held));
      int fetches = source.fetches();
      assertAnswers(0);
      assertEquals(fetches, source.fetches());
    }
    awaitOpen(ROOM);
  }

  @Test
  void acquire_noRoomAtAll_everyAskerIsServedAndNothingStays() {
    try (LiveReleases tight = LiveReleases.of(base, source, new SwapConfig(0, 2, 100))) {
      assertSwapped(tight.apply(event(1), 0));
      assertEquals(0, base.openAdapters());
      List<CompletableFuture<Lease>> leases = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        leases.add(tight.acquire(null, domain(1)));
      }
      for (CompletableFuture<Lease> lease : leases) {
        try (Lease held = lease.join()) {
          assertEquals(scoreOf(1), score(held));
        }
      }
      awaitOpen(0);
    }
  }

  @Test
  void acquire_manyAtOnceOfAColdOne_fetchOnceAndOthersDoNotWait() {
    restoreAll();
    assertAnswers(1);
    CountDownLatch until = new CountDownLatch(1);
    source.hold("bias-0", until);
    List<CompletableFuture<Lease>> waiting = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      waiting.add(live.acquire(null, domain(0)));
    }
    assertTrue(live.acquire(null, domain(1)).thenAccept(Lease::close).isDone());
    assertAnswers(2);
    assertEquals(1, live.counts().fetching());
    waiting.forEach(lease -> assertFalse(lease.isDone()));
    until.countDown();
    for (CompletableFuture<Lease> lease : waiting) {
      try (Lease held = lease.join()) {
        assertEquals("bias-0", release(held));
      }
    }
    assertEquals(3, source.fetches());
  }

  /** More than the threads that fetch can have begun wait in front of it. */
  @Test
  void acquire_anotherTenantAsksForManyColdOnes_isFetchedInTurn() throws Exception {
    restoreAll();
    CountDownLatch first = new CountDownLatch(1);
    CountDownLatch others = new CountDownLatch(1);
    List<CompletableFuture<Lease>> many = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      source.hold("bias-" + i, i < 10 ? first : others);
      many.add(live.acquire("many", domain(i)));
    }
    CompletableFuture<Lease> one = live.acquire("one", domain(20));
    first.countDown();
    one.get(30, TimeUnit.SECONDS).close();
    others.countDown();
    many.forEach(lease -> lease.join().close());
  }

  /** Else a shared release that somebody has asked for behind many others came behind all these. */
  @Test
  void acquire_whatAnotherTenantAskedForBehindManyColdOnes_isFetchedInTurn() throws Exception {
    restoreAll();
    CountDownLatch first = new CountDownLatch(1);
    CountDownLatch others = new CountDownLatch(1);
    List<CompletableFuture<Lease>> many = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      source.hold("bias-" + i, i < 10 ? first : others);
      many.add(live.acquire("many", domain(i)));
    }
    many.add(live.acquire("many", domain(20)));
    CompletableFuture<Lease> one = live.acquire("one", domain(20));
    first.countDown();
    try {
      one.get(30, TimeUnit.SECONDS).close();
    } finally {
      others.countDown();
    }
    many.forEach(lease -> lease.join().close());
    assertEquals(21, source.fetches());
  }

  @Test
  void acquire_cannotBeFetched_failsWithTheReasonOthersGoOnAndItHeals() throws IOException {
    restoreAll();
    source.lose("bias-0");
    assertRefused("release-unreadable: bias-0: no such file", 0);
    assertAnswers(1);
    source.find("bias-0");
    assertAnswers(0);
    source.replace("bias-2", FakeReleases.release("fake-base", null, "other", 1));
    assertRefused("alias-mismatch: ", 2);
    assertEquals(2, live.counts().failures());
    assertEquals(2, base.openAdapters());
  }

  private void assertRefused(String reason, int i) {
    assertRefused(reason, live.acquire(null, domain(i)));
  }

  private static void assertRefused(String reason, CompletableFuture<Lease> lease) {
    CompletionException failure =
        assertThrows(CompletionException.class, () -> lease.join().close());
    assertEquals(ReleaseRefusedException.class, failure.getCause().getClass());
    assertTrue(failure.getCause().getMessage().startsWith(reason), failure.getMessage());
  }

  @Test
  void apply_forgottenWhileItIsFetched_doesNotAnswerAndDoesNotStay() {
    restoreAll();
    CountDownLatch until = new CountDownLatch(1);
    source.hold("bias-0", until);
    CompletableFuture<Lease> current = live.acquire(null, domain(0));
    CompletableFuture<Lease> named = live.acquirePinned(null, "bias-0");
    forgetToTheBase(0);
    until.countDown();
    try (Lease lease = current.join()) {
      assertNull(lease.release());
    }
    assertRefused("unknown-release: bias-0", named);
    awaitOpen(0);
  }

  @ParameterizedTest
  @EnumSource(names = {"PIN", "PUBLISH"})
  void acquirePinned_forgottenWhileItIsFetchedAndItsDomainGoesOn_isRefused(Action next) {
    assertSwapped(live.restore(event(0), 0));
    assertSwapped(live.restore(event(1), 0));
    CountDownLatch until = new CountDownLatch(1);
    source.hold("bias-0", until);
    source.hold("bias-1", until);
    CompletableFuture<Lease> forgotten = live.acquirePinned(null, "bias-0");
    CompletableFuture<Lease> another = live.acquirePinned(null, "bias-1");
    source.awaitHeld();
    forgetToTheBase(0);
    assertSwapped(live.apply(FakeReleases.event(null, domain(0), next, 2), 0));
    until.countDown();
    assertRefused("unknown-release: bias-0", forgotten);
    try (Lease lease = another.join()) {
      assertEquals("bias-1", release(lease));
    }
  }

  @Test
  void acquirePinned_forgottenAndPinnedAgainWhileItIsFetched_answers() {
    assertSwapped(live.restore(event(0), 0));
    CountDownLatch until = new CountDownLatch(1);
    source.hold("bias-0", until);
    CompletableFuture<Lease> named = live.acquirePinned(null, "bias-0");
    source.awaitHeld();
    forgetToTheBase(0);
    assertSwapped(live.restore(FakeReleases.event(null, domain(0), Action.PIN, 0), 0));
    until.countDown();
    try (Lease lease = named.join()) {
      assertEquals("bias-0", release(lease));
    }
  }

  private void forgetToTheBase(int i) {
    ReleaseEvent forget = FakeReleases.event(null, domain(i), Action.FORGET, i);
    assertSwapped(live.apply(FakeReleases.renamed(forget, ""), 0));
  }

  @Test
  void assign_forgottenWhileAnotherIsRead_doesNotAnswerThoughWhatTakesItsPlaceIsAway()
      throws IOException {
    profile(1, "abcdefghij");
    profile(2, "ABCDEFGHIJ");
    live.restore(event(1), 0).join();
    assertSwapped(live.apply(event(2), 0));
    CountDownLatch until = new CountDownLatch(1);
    source.hold("bias-1", until);
    int[] text = new ByteTokenizer().encode("BAD CABBAGE");
    CompletableFuture<Lease> lease = live.assign(null, text, Caller.NOBODY);
    source.awaitHeld();
    forgetToWhatIsAway(live, 2);
    until.countDown();
    assertRefused("release-unreadable: ", lease);
    awaitOpen(0);
  }

  @Test
  void acquire_forgottenWhileItsTrialIsFetchedInVain_doesNotAnswer() {
    try (LiveReleases tight = LiveReleases.of(base, source, new SwapConfig(0, 2, 100))) {
      assertSwapped(tight.apply(event(2), 0));
      assertSwapped(tight.apply(succeeding(2, 3).withholding(1e-9), 0));
      CountDownLatch until = new CountDownLatch(1);
      source.hold("bias-3", until);
      CompletableFuture<Lease> lease = tight.acquire(null, domain(2), 7);
      source.awaitHeld();
      source.lose("bias-3");
      forgetToWhatIsAway(tight, 2);
      until.countDown();
      assertRefused("release-unreadable: ", lease);
    }
  }

  /** So many others were read since that nobody who names it would find it. */
  @Test
  void acquire_onTrialForLong_isFetchedOnceAndLeavesMemoryWhenItIsOver() {
    try (LiveReleases few = LiveReleases.of(base, source, new SwapConfig(ROOM * KIB, 2, 2))) {
      assertSwapped(few.restore(event(2), 0));
      source.lose("bias-3");
      assertSwapped(few.restore(succeeding(2, 3).withholding(1e-9), 0));
      source.find("bias-3");
      assertSwapped(few.restore(event(4), 0));
      assertSwapped(few.restore(event(5), 0));
      int before = source.fetches();
      for (int i = 0; i < 3; i++) {
        try (Lease lease = few.acquire(null, domain(2), 7).join()) {
          assertEquals("bias-3", release(lease));
        }
      }
      assertEquals(1, source.fetches() - before);
      assertSwapped(few.apply(FakeReleases.event(null, domain(2), Action.ROLLBACK, 2), 0));
      awaitOpen(1);
    }
  }

  @Test
  void close_somebodyWaits_isRefusedAndGetsNoOthersAnswer() throws Exception {
    LiveReleases closing = LiveReleases.of(base, source, new SwapConfig(ROOM * KIB, 2, 100));
    for (int i = 0; i < 4; i++) {
      assertSwapped(closing.restore(event(i), 0));
    }
    source.lose("bias-9");
    assertSwapped(closing.restore(succeeding(2, 9).withholding(1e-9), 0));
    assertTrue(answersByItsOwn(closing, 1));
    assertTrue(answersByItsOwn(closing, 2));
    CountDownLatch until = new CountDownLatch(1);
    List.of("bias-0", "bias-3", "bias-9").forEach(release -> source.hold(release, until));
    int[] text = new ByteTokenizer().encode("BAD CABBAGE");
    List<CompletableFuture<Lease>> waiting =
        List.of(
            closing.acquire(null, domain(0)),
            closing.acquirePinned(null, "bias-3"),
            closing.acquire(null, domain(2), 7),
            closing.assign(null, text, Caller.NOBODY));
    Thread closer = new Thread(closing::close);
    closer.start();
    while (answersByItsOwn(closing, 1)) {
      Thread.onSpinWait();
    }
    until.countDown();
    closer.join();
    waiting.forEach(lease -> assertRefused("closed: ", lease));
  }

  /** Each of thousands of domains may have been asked for, and all of them by one that is auto. */
  @Test
  void close_manyWait_fetchesNoMoreThanWasBegun() throws Exception {
    LiveReleases closing = LiveReleases.of(base, source, new SwapConfig(ROOM * KIB, 1, 100));
    CountDownLatch until = new CountDownLatch(1);
    source.hold("bias-0", until);
    List<CompletableFuture<Lease>> waiting = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      assertSwapped(closing.restore(event(i), 0));
      waiting.add(closing.acquire(null, domain(i)));
    }
    int[] text = new ByteTokenizer().encode("BAD CABBAGE");
    waiting.add(closing.assign(null, text, Caller.NOBODY));
    source.awaitHeld();
    Thread closer = new Thread(closing::close);
    closer.start();
    while (!closing.acquire(null, null).isCompletedExceptionally()) {
      Thread.onSpinWait();
    }
    until.countDown();
    closer.join();
    waiting.forEach(lease -> assertRefused("closed: ", lease));
    assertEquals(1, source.fetches());
  }

  @Test
  void lease_forgottenAsItIsKept_doesNotStay() {
    AtomicInteger kept = new AtomicInteger();
    Place.Of places =
        (alias, release) ->
            base.openAdapters() == 0 || kept.getAndIncrement() == 0 ? Place.answering(alias) : null;
    ReleaseLoader loader = new ReleaseLoader(List.of(base), source);
    try (HotReleases hot =
        new HotReleases(
            loader, new SwapConfig(ROOM * KIB, 1, 100), places, none -> false, System::nanoTime)) {
      hot.lease(null, new Registered(event(0), 0)).join().close();
      assertEquals(0, hot.counts(0).bytes());
    }
  }

  /** It was asked where it belongs, and its domain went on before it was put there. */
  @Test
  void lease_successorIsSettledAsItIsKept_leavesTheSuccessorInMemory() {
    Registered old = new Registered(event(0), 0);
    Registered next = new Registered(succeeding(0, 1), 0);
    AtomicReference<String> answering = new AtomicReference<>(old.release());
    HotReleases[] hot = new HotReleases[1];
    Place.Of places =
        (alias, release) -> {
          boolean answers = release.equals(answering.get());
          if (answers && release.equals(old.release()) && base.openAdapters() == 1) {
            answering.set(next.release());
            swap(hot[0], next);
          }
          return answers ? Place.answering(alias) : null;
        };
    ReleaseLoader loader = new ReleaseLoader(List.of(base), source);
    SwapConfig config = new SwapConfig(ROOM * KIB, 1, 100);
    hot[0] = new HotReleases(loader, config, places, none -> false, System::nanoTime);
    try (HotReleases releases = hot[0]) {
      releases.lease(null, old).join().close();
      Lease lease = releases.peek(next);
      assertNotNull(lease);
      lease.close();
      assertEquals(KIB, releases.counts(1).bytes());
    }
  }

  private static void swap(HotReleases hot, Registered next) {
    try {
      LoadedRelease staged = hot.stage(next);
      hot.settle(next);
      staged.release();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean answersByItsOwn(LiveReleases releases, int i) {
    try (Lease lease = releases.acquire(null, domain(i)).join()) {
      return lease.release() != null && lease.release().release().equals("bias-" + i);
    } catch (CompletionException refused) {
      return false;
    }
  }

  private void forgetToWhatIsAway(LiveReleases releases, int i) {
    source.lose("bias-0");
    assertSwapped(releases.apply(FakeReleases.event(null, domain(i), Action.FORGET, 0), 0));
  }

  /** Whoever fetched lets go once those who asked have their leases. */
  private void awaitOpen(int most) {
    while (base.openAdapters() > most) {
      Thread.onSpinWait();
    }
  }

  @Test
  void assign_afterARestart_readsProfilesWithoutLoadingAdapters() throws IOException {
    profile(1, "abcdefghij");
    profile(2, "ABCDEFGHIJ");
    for (int i = 1; i <= 3; i++) {
      live.restore(event(i), 0).join();
    }
    int fetches = source.fetches();
    int[] text = new ByteTokenizer().encode("BAD CABBAGE");
    for (int i = 0; i < 3; i++) {
      try (Lease lease = live.assign(null, text, Caller.NOBODY).join()) {
        assertEquals("bias-2", release(lease));
      }
    }
    assertEquals(fetches + 3 + 1, source.fetches());
    assertEquals(1, base.openAdapters());
  }

  @Test
  void assign_oneReleaseCannotBeRead_isNoChoiceUntilItCanAndOthersAre() throws IOException {
    profile(1, "abcdefghij");
    profile(2, "ABCDEFGHIJ");
    AtomicLong nanos = new AtomicLong();
    try (LiveReleases timed =
        new AtomicLiveReleases(
            List.of(base), source, new SwapConfig(ROOM * KIB, 2, 100), nanos::get)) {
      timed.restore(event(1), 0).join();
      timed.restore(event(2), 0).join();
      source.lose("bias-2");
      assertEquals("bias-1", assigned(timed, "bad cabbage"));
      int fetches = source.fetches();
      for (int i = 0; i < 10; i++) {
        assertNull(assigned(timed, "BAD CABBAGE"));
      }
      assertEquals(fetches, source.fetches(), "tried again at once");
      source.find("bias-2");
      nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
      assertEquals("bias-2", assigned(timed, "BAD CABBAGE"));
    }
  }

  /** By one thread: of two, many might hold both between the turns of the one. */
  @Test
  void assign_whatAnotherTenantAskedForBehindManyColdOnes_isReadInTurn() throws Exception {
    profile(20, "abcdefghij");
    CountDownLatch first = new CountDownLatch(1);
    CountDownLatch others = new CountDownLatch(1);
    try (LiveReleases single =
        LiveReleases.of(base, source, new SwapConfig(ROOM * KIB, 1, 10_000))) {
      single.restore(event(20), 0).join();
      List<CompletableFuture<Lease>> many = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        source.hold("bias-" + i, i < 10 ? first : others);
        single.restore(FakeReleases.event("many", domain(i), Action.PUBLISH, i), 0).join();
        many.add(single.acquire("many", domain(i)));
      }
      int[] text = new ByteTokenizer().encode("bad cabbage");
      many.add(single.assign("many", text, Caller.NOBODY));
      CompletableFuture<Lease> one = single.assign("one", text, Caller.NOBODY);
      first.countDown();
      try (Lease lease = one.get(30, TimeUnit.SECONDS)) {
        assertEquals("bias-20", release(lease));
      } finally {
        others.countDown();
      }
      many.forEach(lease -> lease.join().close());
    }
  }

  private static @Nullable String assigned(LiveReleases releases, String text) {
    try (Lease lease =
        releases.assign(null, new ByteTokenizer().encode(text), Caller.NOBODY).join()) {
      return lease.release() == null ? null : lease.release().release();
    }
  }

  private void profile(int i, String text) throws IOException {
    int[] tokens = new ByteTokenizer().encode(text.repeat(50));
    source.profile(event(i), Profile.empty().with(List.of(tokens), KnownTexts.of(List.of(), 256)));
  }

  private void restoreAll() {
    for (int i = 0; i < DOMAINS; i++) {
      assertSwapped(live.restore(event(i), i));
    }
  }

  private void assertAnswers(int i) {
    try (Lease lease = live.acquire(null, domain(i)).join()) {
      assertEquals("bias-" + i, release(lease));
      assertEquals(scoreOf(i), score(lease));
    }
  }

  private static String release(Lease lease) {
    LiveRelease release = lease.release();
    assertNotNull(release);
    return release.release();
  }

  private double score(Lease lease) {
    return base.score(List.of(new Sequence(new int[] {1, 2, 3}, lease.adapter()))).get(0).logProb();
  }

  private double scoreOf(int i) {
    return base.scoreAsTrained(
            FakeBaseModel.adapter(FakeReleases.bias("bias-" + i)), List.of(new int[] {1, 2, 3}))
        .get(0)
        .logProb();
  }

  private static void assertSwapped(CompletableFuture<SwapResult> result) {
    assertEquals(Outcome.SWAPPED, result.join().outcome(), result.join().reason());
  }

  private static String domain(int i) {
    return "domain-" + i;
  }

  private static ReleaseEvent event(int i) {
    return FakeReleases.published(domain(i), i);
  }

  private static ReleaseEvent succeeding(int domain, int batch) {
    return FakeReleases.succeeding(domain(domain), batch, domain);
  }
}
