package dev.millrace.job.cli.releases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.Manifests;
import dev.millrace.job.StreamRecords;
import dev.millrace.job.cli.releases.ForgetPlan.Change;
import dev.millrace.job.cli.releases.ForgetPlan.Pin;
import dev.millrace.job.cli.releases.FoundSamples.Found;
import dev.millrace.job.releases.Forgetting;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.ReleaseLine;
import dev.millrace.schema.RuleResult;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ForgetPlanTest {

  private static final ReleaseLine JAVA = new ReleaseLine(null, "java", Kind.ADAPTER);
  private static final long TRAINER = 1_000;

  private final TreeMap<String, Manifest> stored = new TreeMap<>();
  private final List<ReleaseEvent> events = new ArrayList<>();
  private final List<Found> found = new ArrayList<>();
  private final Set<ReleaseLine> lines = new HashSet<>();

  /** r1 ← r2 ← r3 ← r4 of java, of which r3 learned the sample s and r4 another. */
  private void java() {
    store("java", Kind.ADAPTER, "r1", null, 1, "a");
    store("java", Kind.ADAPTER, "r2", "r1", 2, "b");
    store("java", Kind.ADAPTER, "r3", "r2", 3, "s");
    store("java", Kind.ADAPTER, "r4", "r3", 4, "c");
    publishAll("java", Kind.ADAPTER);
    onTopic("s", "java", false);
  }

  private void publishAll(String domain, Kind kind) {
    for (int i = 1; i <= 4; i++) {
      publish(domain, kind, "r" + i, i == 1 ? null : "r" + (i - 1), i, 0);
    }
  }

  @Test
  void changes_releaseThatKnows_goesBackToTheLastThatDoesNot() {
    java();
    assertEquals(List.of(adapter("java", "r4", "r2", Pin.NEVER)), changes("s"));
  }

  @Test
  void changes_topicKnowsNothingOfItsDomain_isRefused() {
    java();
    events.clear();
    assertRefused("release r4 knows of them", "domain java (ADAPTER)");
    publishAll("other", Kind.ADAPTER);
    assertRefused("release r4 knows of them", "domain java (ADAPTER)");
    events.clear();
    publishAll("java", Kind.ALIGNMENT);
    assertRefused("release r4 knows of them", "domain java (ADAPTER)");
  }

  @Test
  void changes_nothingLeftToGoBackTo_isRefused() {
    java();
    stored.remove("r1");
    stored.remove("r2");
    assertRefused("domain java is at release r4", "whose ancestors are not all in");
  }

  /** It was said of each that goes back, and of each that is at the base. */
  @Test
  void learnsAgain_onlyWhatIsForgottenIsTakenBack_isFalse() {
    java();
    assertTrue(learnsAgain("s"), "r4 learned c");
    assertTrue(learnsAgain("c", "b"), "r3 learned s");
    assertFalse(learnsAgain("c"));
    assertFalse(learnsAgain("s", "c"));
    order("java", Action.ROLLBACK, "r3", "by hand");
    assertFalse(learnsAgain("s"), "r4 was taken back before");
  }

  @Test
  void learnsAgain_domainAtTheBase_isTrueIfItHasShadows() {
    onTopic("s", "java", false);
    assertFalse(learnsAgain("s"));
    store("java", Kind.ADAPTER, "r1", null, 1, "a");
    publish("java", Kind.ADAPTER, "r1", null, 1, 1);
    assertEquals(List.of(adapter("java", "", null, Pin.NEVER)), changes("s"));
    assertTrue(learnsAgain("s"));
    onTopic("a", "java", false);
    assertFalse(learnsAgain("s", "a"));
  }

  private boolean learnsAgain(String... samples) {
    return plan(samples).learnsAgain(changes(samples).get(0));
  }

  @Test
  void changes_pinnedToWhatDoesNotKnow_staysThereAndPinned() {
    java();
    order("java", Action.PIN, "r2", "by hand");
    assertEquals(List.of(adapter("java", "r2", "r2", Pin.AT_ONCE)), changes("s"));
  }

  @Test
  void changes_pinnedToWhatKnows_isPinnedAfterwards() {
    java();
    order("java", Action.PIN, "r3", "by hand");
    assertEquals(List.of(adapter("java", "r3", "r2", Pin.AFTERWARDS)), changes("s"));
  }

  @Test
  void changes_takenBackBefore_isToldWhereItIs() {
    java();
    order("java", Action.ROLLBACK, "r1", "by hand");
    assertEquals(List.of(adapter("java", "r1", "r1", Pin.NEVER)), changes("s"));
  }

  @Test
  void changes_runBeforeWasCutOff_isPinnedAfterwards() {
    java();
    order("java", Action.PIN, "r3", "by hand");
    order("java", Action.FORGET, "r2", ReleaseEvent.STAYS_PINNED);
    assertEquals(List.of(adapter("java", "r2", "r2", Pin.AFTERWARDS)), changes("s"));
    store("java", Kind.ADAPTER, "again", "r2", 3, "d");
    publish("java", Kind.ADAPTER, "again", "r2", 3, 0);
    assertEquals(List.of(adapter("java", "again", "again", Pin.AFTERWARDS)), changes("s"));
    order("java", Action.ROLLBACK, "r2", "by hand");
    assertEquals(List.of(adapter("java", "r2", "r2", Pin.NEVER)), changes("s"));
  }

  @Test
  void changes_forgottenWithoutPin_isNotPinned() {
    java();
    order("java", Action.FORGET, "r2", ForgetPlan.REASON);
    assertEquals(List.of(adapter("java", "r2", "r2", Pin.NEVER)), changes("s"));
  }

  @Test
  void changes_domainWithoutReleases_isToldWhatWaitsThere() {
    onTopic("s", "new", false);
    onTopic("m", "stamps", true);
    onTopic("t", "other", false);
    assertEquals(List.of(adapter("new", "", null, Pin.NEVER)), changes("s"));
    assertEquals(
        List.of(
            adapter("stamps", "", null, Pin.NEVER),
            new Change(null, "stamps", Kind.ALIGNMENT, "", null, Pin.NEVER)),
        changes("m"));
  }

  @Test
  void changes_sampleThatNamesNoDomain_isToldToAllOfItsTenant() {
    java();
    lines.add(new ReleaseLine(null, "new", Kind.ADAPTER));
    lines.add(new ReleaseLine("tenant", "java", Kind.ADAPTER));
    onTopic("u", null, false);
    assertEquals(
        List.of(adapter("java", "r4", "r4", Pin.NEVER), adapter("new", "", null, Pin.NEVER)),
        changes("u"));
  }

  @Test
  void changes_sampleThatIsNotOnItsTopic_isToldToAll() {
    java();
    store("stamps", Kind.ALIGNMENT, "m1", null, 1, "p");
    publish("stamps", Kind.ALIGNMENT, "m1", null, 1, 0);
    lines.add(new ReleaseLine("tenant", "java", Kind.ADAPTER));
    assertEquals(
        List.of(
            new Change("tenant", "java", Kind.ADAPTER, "", null, Pin.NEVER),
            adapter("java", "r4", "r4", Pin.NEVER),
            new Change(null, "stamps", Kind.ALIGNMENT, "m1", "m1", Pin.NEVER)),
        changes("gone"));
  }

  @Test
  void unplaced_samplesWithoutADomain_areThoseThatNoReleaseKnows() {
    java();
    onTopic("waits", null, false);
    onTopic("b", null, false);
    onTopic("named", "java", false);
    assertEquals(List.of("waits"), plan("waits", "b", "named", "misspelt").unplaced());
  }

  @Test
  void unknown_idsOnTheTopicOrInARelease_areNotAmongThem() {
    java();
    onTopic("waits", "new", false);
    assertEquals(
        List.of("misspelt", "other"), plan("waits", "b", "other", "s", "misspelt").unknown());
  }

  @Test
  void changes_sourceOfWhichNothingIsLeft_tellsNobody() {
    java();
    assertEquals(List.of(), changes());
  }

  /** A shadow on another base begins anew: only its event names what answers. */
  @Test
  void changes_shadowOnAnotherBase_takesBackWhatAnswers() {
    java();
    store("java", Kind.ADAPTER, "shadow", null, 5, "d");
    publish("java", Kind.ADAPTER, "shadow", "r4", 5, 1);
    assertEquals(List.of(adapter("java", "r4", "r2", Pin.NEVER)), changes("s"));
    assertEquals(List.of(adapter("java", "r4", "r4", Pin.NEVER)), changes("d"));
  }

  /** Of a tenant, whom the shared domain answers: to name a shadow would have that answer. */
  @Test
  void changes_shadowsWithoutAParentOnTheTopic_goBackToNoRelease() {
    store("java", Kind.ADAPTER, "first", null, 4, "d");
    store("java", Kind.ADAPTER, "second", "first", 5, "s");
    publish("java", Kind.ADAPTER, "first", null, 4, 1);
    publish("java", Kind.ADAPTER, "second", null, 5, 1);
    assertEquals(List.of(adapter("java", "", null, Pin.NEVER)), changes("s"));
  }

  /** Nobody but the shared release has answered its tenant until then. */
  @Test
  void changes_firstReleaseOfATenantThatAnswers_goesBackToNoRelease() {
    storeOfTenant("s1", null, 1, "a", true);
    storeOfTenant("s2", "s1", 2, "b", true);
    storeOfTenant("r3", "s2", 3, "s", true);
    storeOfTenant("r4", "r3", 4, "c", false);
    publishOfTenant("r4", "r3", 4);
    assertEquals(List.of(ofTenant("r4", null, Pin.NEVER)), changes("s"));
    assertEquals(List.of(ofTenant("r4", "r3", Pin.NEVER)), changes("c"));
  }

  /** That ended the comparison. */
  @Test
  void changes_shadowOfATenantThatPeopleChose_isGoneBackTo() {
    storeOfTenant("s1", null, 1, "a", true);
    storeOfTenant("r2", "s1", 2, "s", false);
    publishOfTenant("r2", "s1", 2);
    assertEquals(List.of(ofTenant("r2", "s1", Pin.NEVER)), changes("s"));
    storeOfTenant("s2", "s1", 2, "s", true);
    events.clear();
    publishOfTenant("s1", null, 1);
    assertEquals(List.of(ofTenant("s1", "s1", Pin.NEVER)), changes("s"));
  }

  @Test
  void pinnable_shadow_isNone() {
    ReleaseLine line = new ReleaseLine("tenant", "java", Kind.ADAPTER);
    publishOfTenant("again", null, 1);
    assertEquals("again", ForgetPlan.pinnable(events, line, "again"));
    assertNull(ForgetPlan.pinnable(events, line, null));
    publishOfTenant("shadow", "again", 2);
    events.set(1, events.get(1).withholding(1));
    assertNull(ForgetPlan.pinnable(events, line, "shadow"));
    events.set(1, events.get(1).withholding(0.5));
    assertEquals("shadow", ForgetPlan.pinnable(events, line, "shadow"), "some are answered by it");
  }

  private static Change ofTenant(String from, @Nullable String to, Pin pin) {
    return new Change("tenant", "java", Kind.ADAPTER, from, to, pin);
  }

  private void publishOfTenant(String release, @Nullable String parent, long batch) {
    ReleaseEvent event =
        event("java", Kind.ADAPTER, Action.PUBLISH, release, parent, batch)
            .withEpoch(TRAINER)
            .withRead(events.size() - 1L);
    events.add(StreamRecords.ofTenant("tenant", event));
  }

  /**
   * @param compared with what answered the tenant in its place
   */
  private void storeOfTenant(
      String release, @Nullable String parent, long batch, String sample, boolean compared) {
    RuleResult rule = new RuleResult(compared ? "predecessor" : "loss", true, "", new TreeMap<>());
    stored.put(
        release,
        Manifests.judged(
            Manifests.of(
                "tenant",
                "java",
                Kind.ADAPTER,
                "base",
                new TreeMap<>(),
                parent,
                batch,
                new LearnedSample(sample, new Origin("samples", 0, batch), false)),
            List.of(rule)));
  }

  @Test
  void changes_whatAnswersIsNotInTheStore_isRefused() {
    java();
    publish("java", Kind.ADAPTER, "r5", "r4", 5, 0);
    assertRefused("domain java is at release r5", "nobody can tell");
  }

  @Test
  void requireObeyed_whatKnowsMayAnswer_fails() {
    java();
    assertDisobeyed("domain java is at release r4");
    order("java", Action.FORGET, "r2", ForgetPlan.REASON);
    requireObeyed(JAVA);
    publish("java", Kind.ADAPTER, "shadow", "r2", 5, 1);
    assertDisobeyed("domain java is at release shadow");
    store("java", Kind.ADAPTER, "shadow", null, 5, "d");
    requireObeyed(JAVA);
  }

  @Test
  void requireObeyed_domainThatWasNotTold_fails() {
    java();
    order("java", Action.ROLLBACK, "r2", "by hand");
    IllegalStateException e = assertThrows(IllegalStateException.class, () -> requireObeyed());
    assertTrue(e.getMessage().contains("domain java has learned them meanwhile"), e::getMessage);
  }

  private void assertDisobeyed(String named) {
    IllegalStateException e = assertThrows(IllegalStateException.class, () -> requireObeyed(JAVA));
    assertTrue(e.getMessage().contains(named), e::getMessage);
  }

  private void requireObeyed(ReleaseLine... told) {
    ForgetPlan.requireObeyed(forgetting("s"), events, Set.of(told));
  }

  private void assertRefused(String... named) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> changes("s"));
    for (String name : named) {
      assertTrue(e.getMessage().contains(name), e::getMessage);
    }
  }

  private List<Change> changes(String... samples) {
    return List.copyOf(plan(samples).changes().values());
  }

  private ForgetPlan plan(String... samples) {
    Set<String> wanted = Set.of(samples);
    List<Found> sought = found.stream().filter(sample -> wanted.contains(sample.id())).toList();
    return new ForgetPlan(forgetting(samples), new FoundSamples(sought, lines), events);
  }

  private Forgetting forgetting(String... samples) {
    return new Forgetting(new StoredReleases(Path.of("store"), stored), Set.of(samples));
  }

  private static Change adapter(String domain, String from, @Nullable String to, Pin pin) {
    return new Change(null, domain, Kind.ADAPTER, from, to, pin);
  }

  private void onTopic(String id, @Nullable String domain, boolean media) {
    found.add(new Found(id, null, domain, media));
    if (domain != null) {
      lines.addAll(FoundSamples.lines(null, domain, media));
    }
  }

  private void publish(
      String domain,
      Kind kind,
      String release,
      @Nullable String parent,
      long batch,
      double withheld) {
    long read = events.size() - 1L;
    events.add(
        event(domain, kind, Action.PUBLISH, release, parent, batch)
            .withEpoch(TRAINER)
            .withRead(read)
            .withholding(withheld));
  }

  private void order(String domain, Action action, String release, String reason) {
    ReleaseEvent event = event(domain, Kind.ADAPTER, Action.PUBLISH, release, null, 0);
    events.add(event.ordering(action, reason).at(event.origin()));
  }

  private ReleaseEvent event(
      String domain,
      Kind kind,
      Action action,
      String release,
      @Nullable String parent,
      long batch) {
    return StreamRecords.event(domain, kind, action, release, parent, batch, events.size());
  }

  private void store(
      String domain,
      Kind kind,
      String release,
      @Nullable String parent,
      long batch,
      String sample) {
    stored.put(
        release,
        Manifests.of(
            null,
            domain,
            kind,
            "base",
            new TreeMap<>(),
            parent,
            batch,
            new LearnedSample(sample, new Origin("samples", 0, batch), false)));
  }
}
