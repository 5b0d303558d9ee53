package dev.millrace.job.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.StreamRecords;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CatalogueTest {

  private final Catalogue catalogue = new Catalogue();

  @Test
  void placing_domainOfAnAlignmentAlone_isKnownToWhoMaySeeItAndAnswersNoPrompt() {
    catalogue.take(event("acme", "stamps", Kind.ALIGNMENT, "a"));
    assertEquals("stamps", catalogue.placing("acme", "stamps").domain());
    assertThrows(ApiProblem.class, () -> catalogue.placing("other", "stamps"));
    assertThrows(ApiProblem.class, () -> catalogue.target("acme", "stamps"));
    assertEquals(List.of(), catalogue.visible("acme"));
  }

  @Test
  void placing_domainWithoutAnAlignment_isWhatTheModelStandsFor() {
    catalogue.take(event(null, "legal", Kind.ADAPTER, "b"));
    assertEquals("legal", catalogue.placing("acme", "legal").domain());
    assertEquals(catalogue.target(null, "base"), catalogue.placing(null, "base"));
  }

  @Test
  void placing_nameThatStandsForNothing_isNotFoundAndListsDomainsOfAlignmentsToo() {
    catalogue.take(event(null, "stamps", Kind.ALIGNMENT, "a"));
    catalogue.take(event(null, "legal", Kind.ADAPTER, "b"));
    ApiProblem problem =
        assertThrows(ApiProblem.class, () -> catalogue.placing("acme", "medicine"));
    assertEquals(404, problem.status());
    assertEquals(
        "model is medicine, expected base or one of the domains [legal, stamps]",
        problem.getMessage());
  }

  @Test
  void placing_autoOrARelease_isRefusedAtTheDoor() {
    for (String model : List.of("auto", "ab".repeat(32))) {
      ApiProblem problem = assertThrows(ApiProblem.class, () -> catalogue.placing(null, model));
      assertEquals(400, problem.status());
      String message = String.valueOf(problem.getMessage());
      assertTrue(message.startsWith("model is " + model + ", expected base or one of"), message);
    }
  }

  @Test
  void placing_base_isTheEncodersWhateverADomainIsCalled() {
    catalogue.take(event(null, "base", Kind.ALIGNMENT, "a"));
    assertNull(catalogue.placing(null, "base").domain());
  }

  @Test
  void visible_domainOfATenantAndAShared_isTheOneThatAnswers() {
    for (String domain : List.of("a", "b", "c", "d", "e", "f", "g", "h", "i", "j")) {
      ReleaseEvent own = event("acme", domain, Kind.ADAPTER, "a");
      ReleaseEvent shared = event(null, domain, Kind.ADAPTER, "b");
      List.of(own, shared).forEach(catalogue::take);
      assertEquals(own, catalogue.current("acme", domain));
      assertEquals(shared, catalogue.current("other", domain));
      assertEquals(Optional.of(own), catalogue.own("acme", domain));
      assertEquals(Optional.empty(), catalogue.own("other", domain), "it is not theirs to unload");
    }
    assertEquals(10, catalogue.visible("acme").size());
  }

  /** The shared release answers the tenant until one of its own is better. */
  @Test
  void visible_shadowOfATenantBesideAShared_isTheSharedThatAnswers() {
    for (String domain : List.of("a", "b", "c", "d", "e", "f", "g", "h", "i", "j")) {
      ReleaseEvent shadow = event("acme", domain, Kind.ADAPTER, "a").withholding(1);
      ReleaseEvent shared = event(null, domain, Kind.ADAPTER, "b");
      List.of(shadow, shared).forEach(catalogue::take);
      assertEquals(shared, catalogue.current("acme", domain));
      catalogue.take(event("acme", domain, Kind.ADAPTER, "a"));
      assertEquals(0, catalogue.current("acme", domain).withheld());
      assertEquals("acme", catalogue.current("acme", domain).tenant());
    }
    catalogue.take(event("acme", "own", Kind.ADAPTER, "a").withholding(1));
    assertEquals("a", catalogue.current("acme", "own").release(), "nothing else has its name");
  }

  /** It answers some of the keys. */
  @Test
  void visible_firstTrialOfATenantBesideAShared_isItsOwn() {
    ReleaseEvent trial = event("acme", "legal", Kind.ADAPTER, "a").withholding(0.3);
    catalogue.take(trial);
    catalogue.take(event(null, "legal", Kind.ADAPTER, "b"));
    assertEquals(trial, catalogue.current("acme", "legal"));
  }

  /** Who unpinned it again, from a page of before, took the domain back to the old release. */
  @Test
  void pin_domainThatWentOn_isNone() {
    ReleaseEvent published = event(null, "legal", Kind.ADAPTER, "a");
    catalogue.take(published);
    assertNull(catalogue.pin("a"));
    catalogue.take(published.ordering(Action.PIN, "test"));
    catalogue.take(event("acme", "stamps", Kind.ALIGNMENT, "s").ordering(Action.PIN, "test"));
    ReleaseEvent pin = catalogue.pin("a");
    assertNotNull(pin);
    assertEquals("legal", pin.domain());
    assertNotNull(catalogue.pin("s"));
    catalogue.take(pin.ordering(Action.ROLLBACK, "unpinned"));
    assertNull(catalogue.pin("a"));
    catalogue.take(published.ordering(Action.PIN, "test"));
    catalogue.take(event(null, "legal", Kind.ADAPTER, "b").ordering(Action.ROLLBACK, "test"));
    assertNull(catalogue.pin("a"));
  }

  /** As the command line has it: a forget that was cut off has taken the pin. */
  @Test
  void pin_domainThatAForgetHolds_isWhatAnswersThere() {
    ReleaseEvent first = event(null, "legal", Kind.ADAPTER, "a");
    ReleaseEvent again =
        StreamRecords.event("legal", Kind.ADAPTER, Action.PUBLISH, "b", "a", 0, 1)
            .withEpoch(1)
            .withRead(0L);
    catalogue.take(first.ordering(Action.FORGET, ReleaseEvent.STAYS_PINNED));
    assertNotNull(catalogue.pin("a"));
    catalogue.take(again.withholding(1));
    assertNotNull(catalogue.pin("a"), "a shadow answers nobody");
    assertNull(catalogue.pin("b"));
    catalogue.take(again);
    assertNull(catalogue.pin("a"));
    ReleaseEvent pin = catalogue.pin("b");
    assertNotNull(pin);
    catalogue.take(pin.ordering(Action.ROLLBACK, "unpinned"));
    assertNull(catalogue.pin("b"));
  }

  @Test
  void take_samplesToForget_keepsNoIds() {
    ReleaseEvent first = event("acme", "legal", Kind.ADAPTER, "a");
    catalogue.take(first.ordering(Action.FORGET, "test").forgetting(List.of("1", "2")));
    assertEquals(List.of(), catalogue.own("acme", "legal").orElseThrow().forgotten());
  }

  private static ReleaseEvent event(
      @Nullable String tenant, String domain, Kind kind, String release) {
    return StreamRecords.ofTenant(
        tenant, StreamRecords.event(domain, kind, Action.PUBLISH, release, null, 0, 0));
  }
}
