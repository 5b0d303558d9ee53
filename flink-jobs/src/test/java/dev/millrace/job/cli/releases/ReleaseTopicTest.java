package dev.millrace.job.cli.releases;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.Manifests;
import dev.millrace.job.StreamRecords;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.swap.ReleaseLines;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.wire.Codecs;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ReleaseTopicTest {

  @Test
  void decoded_valuesThatAreNoEvents_areCounted() {
    ReleaseEvent event = StreamRecords.event("java", Action.PIN, "a", 0, 1);
    List<Origin> undecoded = new ArrayList<>();
    List<ReleaseEvent> events =
        ReleaseTopic.decoded(
            List.of(
                record(0, new byte[] {1}),
                record(1, Codecs.releases().encode(event)),
                record(2, null),
                record(3, Codecs.releases().encode(event.withEpoch(Long.MAX_VALUE)))),
            undecoded::add);
    assertEquals(List.of(event), events);
    assertEquals(List.of(at(0), at(3)), undecoded);
    assertNull(ReleaseTopic.reasonNotToDelete(List.of()));
    assertEquals(
        "2 events of releases cannot be decoded, the first at offset 0, expected none: no release is deleted until a record without a value follows under its key (docs/operations.md)",
        ReleaseTopic.reasonNotToDelete(undecoded));
  }

  @Test
  void decoded_noEventWithARecordWithoutValueBehindItUnderItsKey_isTakenBack() {
    byte[] garbage = {1};
    List<Origin> undecoded = new ArrayList<>();
    ReleaseTopic.decoded(
        List.of(
            record(0, "a", garbage),
            record(1, "b", garbage),
            record(2, "a", null),
            record(3, "a", garbage),
            record(4, "b", null)),
        undecoded::add);
    assertEquals(List.of(at(3)), undecoded);
  }

  @Test
  void decoded_eventWithARecordWithoutValueBehindIt_staysAnEvent() {
    ReleaseEvent event = StreamRecords.event("java", Action.PIN, "a", 0, 1);
    byte[] value = Codecs.releases().encode(event);
    List<RawRecord> records = List.of(record(1, "a", value), record(2, "a", null));
    assertEquals(List.of(event), ReleaseTopic.decoded(records, undecoded -> {}));
  }

  @Test
  void pins_forgetThatWasCutOff_stillPins() {
    ReleaseEvent pin = at(0, Action.PIN, "2", "by hand");
    ReleaseEvent forget = at(1, Action.FORGET, "1", ReleaseEvent.STAYS_PINNED);
    ReleaseEvent again = at(2, Action.PUBLISH, "3", "").withEpoch(1).withRead(1L);
    assertEquals(List.of("2"), pinned(pin));
    assertEquals(List.of("1"), pinned(pin, forget));
    assertEquals(List.of("3"), pinned(pin, forget, again));
    assertEquals(List.of(), pinned(pin, forget, again, at(3, Action.ROLLBACK, "3", "")));
    assertEquals(List.of(), pinned(at(0, Action.FORGET, "1", ForgetPlan.REASON)));
  }

  @Test
  void unpinning_whatIsLearnedAgainIsAShadow_goesOnFromWhatAnswers() {
    ReleaseEvent forget = at(0, Action.FORGET, "1", ReleaseEvent.STAYS_PINNED);
    ReleaseEvent shadow =
        StreamRecords.event("java", Kind.ADAPTER, Action.PUBLISH, "2", "1", 2, 1)
            .withEpoch(1)
            .withRead(0L)
            .withholding(1);
    assertEquals("ROLLBACK 1", unpinning(forget, shadow));
    assertEquals("ROLLBACK 1", unpinning(forget));
    assertEquals("ROLLBACK 2", unpinning(forget, shadow.withholding(0)));
  }

  /** They are learned again, without what is to be forgotten, and learn goes on behind them. */
  @Test
  void unpinning_aForgetHoldsADomainOfShadowsAtNothing_tellsItToForgetOnceMore() {
    List<String> gone = List.of("mail-1", "mail-2");
    ReleaseEvent forget = at(0, Action.FORGET, "", ReleaseEvent.STAYS_PINNED).forgetting(gone);
    ReleaseEvent shadow =
        StreamRecords.event("java", Kind.ADAPTER, Action.PUBLISH, "2", null, 2, 1)
            .withEpoch(1)
            .withRead(0L)
            .withholding(1);
    ReleaseEvent order = order(forget, shadow);
    assertEquals("FORGET ", order.action() + " " + order.release());
    assertEquals(gone, order.forgotten());
    assertTrue(order.isOrder());
    assertFalse(order.pins());
    assertEquals(List.of(), pinned(forget, shadow, order.at(at(2))));
  }

  private static String unpinning(ReleaseEvent... given) {
    ReleaseEvent order = order(given);
    return order.action() + " " + order.release();
  }

  private static ReleaseEvent order(ReleaseEvent... given) {
    List<ReleaseEvent> events = List.of(given);
    ReleaseEvent pin = ReleaseLines.of(events).pins().values().iterator().next();
    return ReleaseTopic.unpinning(events, pin);
  }

  private static ReleaseEvent at(long offset, Action action, String release, String reason) {
    return StreamRecords.event("java", action, release, offset, offset)
        .ordering(action, reason)
        .at(new Origin("releases", 0, offset));
  }

  private static List<String> pinned(ReleaseEvent... events) {
    return ReleaseLines.of(List.of(events)).pins().values().stream()
        .map(ReleaseEvent::release)
        .toList();
  }

  @Test
  void uri_ofWhatTheTopicNames_isThatOfThePublicationElseOfTheLastOrder() {
    ReleaseEvent published = at("/jobs/1", Action.PUBLISH, "1");
    ReleaseEvent ordered = at("/here/1", Action.ROLLBACK, "1");
    assertEquals("/jobs/1", uri(published, ordered));
    assertEquals("/here/1", uri(at("/there/1", Action.PIN, "1"), ordered));
    ReleaseEvent moved = at("/moved/2", Action.PUBLISH, "2"); // what people ordered stays for ever
    assertEquals("/moved/1", uri(ordered, moved));
  }

  @Test
  void uri_ofWhatTheTopicDoesNotName_isBesideAnotherOfTheStoreAndTheLine() {
    assertEquals("/jobs/1", uri(at("/jobs/2/", Action.PUBLISH, "2")));
    assertEquals("/jobs/1", uri(at("/jobs/2", Action.ROLLBACK, "2")));
    String here = stored().uri("1");
    assertEquals(here, uri());
    assertEquals(here, uri(at("/jobs/3", Action.PUBLISH, "3")), "that is in another store");
    ReleaseEvent ofAnother = StreamRecords.event("rust", Action.PUBLISH, "2", 0, 1);
    assertEquals(here, uri(ofAnother));
    assertEquals(here, uri(at("/jobs/latest", Action.PUBLISH, "2")));
    assertEquals(here, uri(at("", Action.FORGET, "")));
  }

  private static String uri(ReleaseEvent... events) {
    return ReleaseTopic.uri(List.of(events), stored(), "1");
  }

  private static StoredReleases stored() {
    TreeMap<String, Manifest> byId = new TreeMap<>();
    byId.put("1", Manifests.of("java", null, 1));
    byId.put("2", Manifests.of("java", "1", 2));
    return new StoredReleases(Path.of("store"), byId);
  }

  private static ReleaseEvent at(String uri, Action action, String release) {
    return StreamRecords.at(uri, StreamRecords.event("java", action, release, 0, 1));
  }

  private static RawRecord record(long offset, byte[] value) {
    return new RawRecord(at(offset), 0, null, value);
  }

  private static RawRecord record(long offset, String key, byte[] value) {
    return new RawRecord(at(offset), 0, key.getBytes(UTF_8), value);
  }

  private static Origin at(long offset) {
    return new Origin("releases", 0, offset);
  }
}
