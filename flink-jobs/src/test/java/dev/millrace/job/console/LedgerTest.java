package dev.millrace.job.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.job.StreamRecords;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Sample;
import dev.millrace.schema.Verdict;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LedgerTest {

  private static final Origin ORIGIN = new Origin("samples", 0, 7);
  private static final int MOST_DOMAINS = 300;
  private static final int MOST_RELEASES = 10_000;
  private static final int MOST_REASONS = 100;

  private final Ledger ledger = new Ledger();

  @Test
  void domains_moreThanAreKept_theLeastRecentlyActiveWithoutAReleaseGo() {
    ledger.release(release("quiet", "r1"), 0);
    sample(null, "busy");
    for (int i = 0; i < 2 * MOST_DOMAINS; i++) {
      sample(null, "made up " + i);
      sample(null, "busy");
    }
    List<String> told = domains();
    assertEquals(MOST_DOMAINS, told.size());
    assertTrue(told.containsAll(List.of("quiet", "busy", "made up " + (2 * MOST_DOMAINS - 1))));
    assertFalse(told.contains("made up 0"));
    assertEquals(told.stream().sorted().toList(), told);
  }

  @Test
  void domains_allHaveAReleaseAndOneMoreComes_theLeastRecentlyActiveGoes() {
    for (int i = 0; i <= MOST_DOMAINS; i++) {
      ledger.release(release("d" + i, "r" + i), 0);
    }
    assertEquals(MOST_DOMAINS, domains().size());
    assertFalse(domains().contains("d0"));
  }

  @Test
  void rejection_ofASharedDomainAndATenants_countsForTheSharedOne() {
    sample("acme", "mails");
    sample(null, "mails");
    ledger.rejection(new Rejection(ORIGIN, "id", "mails", "not-text", "", 0.5), 0);
    for (JsonNode domain : ledger.picture(0).path("domains")) {
      assertEquals(domain.path("tenant").isNull() ? 1 : 0, domain.path("refused").size());
    }
  }

  /** The jobs may have the store mounted elsewhere than whoever gave the order. */
  @Test
  void published_orderNamesAnotherPlace_isThatOfThePublication() {
    ReleaseEvent published = release("mails", "r1");
    ReleaseEvent pin =
        StreamRecords.at("file:///of/my/machine/r1", published.withAction(ReleaseEvent.Action.PIN));
    ledger.release(pin, 0);
    assertEquals(pin, ledger.published("r1"));
    ledger.release(published, 1);
    ledger.release(pin, 2);
    assertEquals(published, ledger.published("r1"));
    assertEquals(pin, ledger.named("r1"));
    assertNull(ledger.published("r2"));
  }

  @Test
  void release_samplesToForget_keepsNoIds() {
    ReleaseEvent forget = release("mails", "r1").ordering(ReleaseEvent.Action.FORGET, "test");
    ledger.release(forget.forgetting(List.of("1", "2")), 0);
    assertEquals(forget, ledger.named("r1"));
  }

  @Test
  void unserved_releaseThatServeCouldNotOpen_countsUntilItAnswersOrAnotherFollows() {
    ReleaseEvent event = release("mails", "r1");
    ledger.rejection(
        new Rejection(event.origin(), "r1", "mails", "release-invalid", "cut", Double.NaN), 0);
    assertEquals(0, ledger.unserved());
    ledger.release(event, 0);
    assertEquals(1, ledger.unserved());
    Request asked = Request.builder("q", Request.Task.SCORE, "text").build();
    ledger.answer(StreamRecords.answer(asked, null, "", "r1"), 0);
    assertEquals(0, ledger.unserved());
    ledger.rejection(
        new Rejection(event.origin(), "r1", "mails", "release-unreadable", "", Double.NaN), 0);
    assertEquals(1, ledger.unserved());
    ledger.release(release("mails", "r2"), 0);
    assertEquals(0, ledger.unserved());
  }

  @Test
  void releasesAndVerdicts_moreThanAreKept_theLastAreKnown() {
    for (int i = 0; i <= MOST_RELEASES; i++) {
      ledger.release(release("d", "r" + i), 0);
      ledger.verdict(verdict("r" + i), 0);
    }
    assertNull(ledger.named("r0"));
    assertNull(ledger.verdictOf("r0"));
    assertNotNull(ledger.named("r1"));
    assertNotNull(ledger.verdictOf("r1"));
    assertNotNull(ledger.verdictOf("r" + MOST_RELEASES));
  }

  /** Learn says of a pin, too, which release the domain is at. */
  @Test
  void verdict_onAnOrder_doesNotTakeThePlaceOfTheGates() {
    ledger.release(release("d", "r0"), 0);
    Verdict gates = verdict("r0");
    ledger.verdict(gates, 0);
    var obeyed = List.of(new RuleResult("pin-obeyed", true, "", Map.of()));
    ledger.verdict(new Verdict(null, "d", 2, "r0", "r0", true, obeyed, 0, 0, 0, List.of()), 0);
    assertEquals(gates, ledger.verdictOf("r0"));
    assertEquals(8, ledger.picture(0).path("releases").path(0).path("samples").asInt());
  }

  /** The page has them every second. */
  @Test
  void releases_manyLieBehindOne_areCountedAndTheNearestNamed() {
    for (int i = 0; i <= 30; i++) {
      ledger.release(following("r" + i, i == 0 ? null : "r" + (i - 1)), 0);
      ledger.verdict(verdict("r" + i), 0);
    }
    JsonNode last = ledger.picture(0).path("releases").path(30);
    assertEquals(30, last.path("behind").asInt());
    assertEquals(31 * 8, last.path("samples").asInt());
    assertEquals(20, last.path("parents").size());
    assertEquals("r29", last.path("parents").path(0).asText());
  }

  @Test
  void picture_shadow_isToldFromWhatAnswers() {
    ledger.release(release("d", "r0").withholding(1), 0);
    JsonNode picture = ledger.picture(0);
    assertEquals(1, picture.path("domains").path(0).path("current").path("withheld").asInt());
    assertEquals(1, picture.path("releases").path(0).path("withheld").asInt());
  }

  @Test
  void picture_releaseLiesBehindAnother_isKeptNoLongerForIt() {
    ledger.release(following("old", null), 0);
    ledger.release(following("new", "old"), 0);
    JsonNode shown = ledger.picture(0).path("releases").path(1);
    assertEquals(1, shown.path("behind").asInt());
    for (int i = 1; i < MOST_RELEASES; i++) {
      ledger.release(release("d", "r" + i), 0);
    }
    assertNull(ledger.named("old"));
    assertNotNull(ledger.named("new"));
  }

  @Test
  void named_releaseThatSomebodyAsksFor_isKept() {
    ledger.release(release("d", "asked for"), 0);
    ledger.release(release("d", "not asked for"), 0);
    assertNotNull(ledger.named("asked for"));
    for (int i = 1; i < MOST_RELEASES; i++) {
      ledger.release(release("d", "r" + i), 0);
    }
    assertNotNull(ledger.named("asked for"));
    assertNull(ledger.named("not asked for"));
  }

  /** As where no serve job runs, and where the topics are read again from their beginning. */
  @Test
  void latency_manyBeforeWereNotAnswered_isThatOfTheLast() {
    int requests = 300_000;
    int answered = 500;
    for (int i = 0; i < requests; i++) {
      ledger.request(request(i), i);
    }
    for (int i = requests - answered; i < requests; i++) {
      ledger.answer(StreamRecords.answer(request(i), null, "", "r1"), i + 7);
    }
    JsonNode latency = ledger.picture(0).path("latency");
    assertEquals(answered, latency.path("points").size());
    assertEquals(7, latency.path("p50").asInt());
  }

  private static Request request(int number) {
    return Request.builder("q" + number, Request.Task.SCORE, "text").build();
  }

  @Test
  void named_domainThatWentBackToTheBase_isNoRelease() {
    ledger.release(StreamRecords.event("d", ReleaseEvent.Action.ROLLBACK, "", 1, 0), 0);
    assertNull(ledger.named(""));
  }

  @Test
  void verdict_ofABase_isOfNoDomain() {
    ReleaseEvent.Kind base = ReleaseEvent.Kind.BASE;
    ledger.verdict(
        new Verdict(null, "base", 1, "b1", null, true, List.of(), 8, 100, 5, List.of(), base), 0);
    assertEquals(List.of(), domains());
    assertNotNull(ledger.verdictOf("b1"));
  }

  /** Q(x) is a share, with the weights as they ship: the bars must tell its values apart. */
  @Test
  void qualities_asDomainsHaveThem_fallIntoBinsOfTheirOwn() {
    ledger.verdict(verdict("r", List.of(0.32, 0.38, 0.44, 0.57)), 0);
    ledger.rejection(new Rejection(ORIGIN, "id", "d", "quality-low", "", 0.21), 0);
    JsonNode domain = ledger.picture(0).path("domains").path(0);
    assertEquals(4, filled(domain.path("accepted")));
    assertEquals(1, filled(domain.path("turnedAway")));
  }

  /** Whoever may write to the topics could name any. */
  @Test
  void rejections_moreReasonsThanAreKept_theRestCountTogether() {
    for (int i = 0; i < 3 * MOST_REASONS; i++) {
      ledger.rejection(new Rejection(ORIGIN, "id", "d", "made up " + i, "", 0.5), 0);
    }
    JsonNode refused = ledger.picture(0).path("domains").path(0).path("refused");
    assertEquals(MOST_REASONS + 1, refused.size());
    assertEquals(2 * MOST_REASONS, refused.path("other").asInt());
  }

  @Test
  void verdict_ofMoreThanAGateFinds_isKeptWithoutItsRules() {
    assertEquals(14, kept(14, 20, "").size());
    assertEquals(List.of(), kept(14, 1_000, ""));
    assertEquals(List.of(), kept(1, 1, "x".repeat(1 << 20)));
  }

  private List<RuleResult> kept(int rules, int figures, String reason) {
    Map<String, Double> found = new TreeMap<>();
    for (int i = 0; i < figures; i++) {
      found.put("bits per byte " + i, 1.0);
    }
    var all = Collections.nCopies(rules, new RuleResult("rule", true, reason, found));
    ledger.verdict(new Verdict(null, "d", 1, "r", null, true, all, 8, 100, 5, List.of()), 0);
    return Objects.requireNonNull(ledger.verdictOf("r")).rules();
  }

  private static long filled(JsonNode bins) {
    long filled = 0;
    for (JsonNode bin : bins) {
      filled += bin.asInt() > 0 ? 1 : 0;
    }
    return filled;
  }

  private List<String> domains() {
    List<String> names = new ArrayList<>();
    ledger
        .picture(0)
        .path("domains")
        .forEach(domain -> names.add(domain.path("domain").textValue()));
    return names;
  }

  private void sample(@Nullable String tenant, String domain) {
    Sample sample = Sample.ofText("id", "source", "id", domain, "text", 1, ORIGIN);
    ledger.sample(sample.withTenant(tenant), 0);
  }

  private static ReleaseEvent release(String domain, String release) {
    return StreamRecords.event(domain, ReleaseEvent.Action.PUBLISH, release, 1, 0);
  }

  private static ReleaseEvent following(String release, @Nullable String parent) {
    return StreamRecords.event(
        "d", ReleaseEvent.Kind.ADAPTER, ReleaseEvent.Action.PUBLISH, release, parent, 1, 0);
  }

  private static Verdict verdict(String release) {
    return verdict(release, List.of());
  }

  private static Verdict verdict(String release, List<Double> qualities) {
    return new Verdict(null, "d", 1, release, null, true, List.of(), 8, 100, 5, qualities);
  }
}
