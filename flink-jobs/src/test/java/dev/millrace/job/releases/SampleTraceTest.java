package dev.millrace.job.releases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.releases.SampleTrace.Fate;
import dev.millrace.job.report.Arrival;
import dev.millrace.job.report.Committed;
import dev.millrace.job.report.Recording;
import dev.millrace.job.report.Topic;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.Routing;
import dev.millrace.model.release.TrainingPlan;
import dev.millrace.model.score.HeldOut;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Sample;
import dev.millrace.schema.Verdict;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Samples learned, refused, dropped with their candidate, waiting, held out; two name no domain.
 */
class SampleTraceTest {

  private static final HeldOut HELD_OUT = new HeldOut("salt", 2);

  private static final Recording RECORDING =
      Topic.recording(
          List.of(
              sample("learned", 0, false),
              sample("refused", 1, false),
              sample("dropped", 2, false),
              sample("later", 3, false),
              sample("waiting", 4, false),
              sample("judges", 5, true),
              unnamed("assigned", 3),
              unnamed("homeless", 6)),
          List.of(
              new Committed<>(
                  new Rejection(at(1), "refused", "java", "too-short", "3 bytes", Double.NaN),
                  at(1),
                  0,
                  0)),
          List.of(verdict(0, "a", true), verdict(1, null, false), verdict(2, "b", true)));

  private static final StoredReleases STORED =
      new StoredReleases(
          Path.of("store"),
          new TreeMap<>(Map.of("a", release(0, "learned", 0), "b", release(2, "assigned", 3))));

  private static SampleTrace trace(String id) {
    List<SampleTrace> found = SampleTrace.of(RECORDING, STORED, HELD_OUT, id);
    assertEquals(1, found.size());
    return found.get(0);
  }

  @Test
  void of_learned_namesBatchReleaseQualityAndVerdict() {
    SampleTrace trace = trace("learned");
    assertEquals(Fate.LEARNED, trace.fate());
    assertEquals("a", trace.release());
    assertEquals(0L, trace.batch());
    assertEquals(0.5, trace.quality());
    assertEquals("batch 0, release a; passed finite", trace.detail());
    assertTrue(trace.text().startsWith("sample learned of domain java at samples-0@0"));
  }

  /** As on a topic that was made anew. */
  @Test
  void of_standsWhereAnotherTaught_isNotLearned() {
    Recording recording =
        Topic.recording(List.of(sample("another", 0, false)), List.of(), RECORDING.verdicts());
    SampleTrace trace = SampleTrace.of(recording, STORED, HELD_OUT, "another").get(0);
    assertNull(trace.release());
    assertNotEquals(Fate.LEARNED, trace.fate());
  }

  /** Its release may be there yet, or is deleted already. */
  @Test
  void of_forgotten_namesTheOrder() {
    ReleaseEvent order =
        new ReleaseEvent(
                null,
                "java",
                Kind.ADAPTER,
                ReleaseEvent.Action.FORGET,
                "",
                "",
                null,
                -1,
                "asked to",
                Origin.UNWRITTEN)
            .forgetting(List.of("learned"))
            .at(new Origin("releases", 0, 5));
    Recording recording =
        new Recording(
            RECORDING.samples(),
            RECORDING.rejections(),
            RECORDING.verdicts(),
            List.of(new Committed<>(order, order.origin(), 0, 0)),
            List.of(),
            List.of(),
            List.of());
    for (StoredReleases stored :
        List.of(STORED, new StoredReleases(STORED.store(), new TreeMap<>()))) {
      SampleTrace trace = SampleTrace.of(recording, stored, HELD_OUT, "learned").get(0);
      assertEquals(Fate.FORGOTTEN, trace.fate());
      assertEquals("by the order at releases-0@5: asked to", trace.detail());
      assertEquals(
          Fate.REFUSED, SampleTrace.of(recording, stored, HELD_OUT, "refused").get(0).fate());
    }
  }

  @Test
  void of_overtakenAndNothingWasRefused_namesNoCandidate() {
    Recording recording =
        Topic.recording(RECORDING.samples(), List.of(), List.of(verdict(2, "b", true)));
    SampleTrace trace = SampleTrace.of(recording, STORED, HELD_OUT, "dropped").get(0);
    assertEquals(Fate.DROPPED, trace.fate());
    assertTrue(trace.detail().startsWith("no release here has learned it"), trace.detail());
  }

  @Test
  void of_refused_givesTheReason() {
    assertEquals(Fate.REFUSED, trace("refused").fate());
    assertEquals("too-short, 3 bytes", trace("refused").detail());
  }

  @Test
  void of_overtaken_saysWhichCandidateItMayHaveBeenIn() {
    assertEquals(Fate.DROPPED, trace("dropped").fate());
    assertEquals(
        "with a candidate that was refused, one of: batch 1 refused by finite: no",
        trace("dropped").detail());
  }

  @Test
  void of_notReached_waits() {
    assertEquals(Fate.WAITING, trace("waiting").fate());
    assertEquals("the domain's last verdict: batch 2, passed finite", trace("waiting").detail());
  }

  /** The other tenant's has learned later samples of the same partition. */
  @Test
  void of_domainThatAnotherTenantHasToo_goesByItsOwn() {
    Sample own = Sample.ofText("own", "test", "d", "java", "text", 0, at(2)).withTenant("acme");
    Recording recording =
        Topic.recording(
            List.of(new Committed<>(new Arrival(own), at(2), 2, 2)),
            List.of(),
            RECORDING.verdicts());
    HeldOut few = new HeldOut("salt", 1 << 20);
    SampleTrace trace = SampleTrace.of(recording, STORED, few, "own").get(0);
    assertEquals(Fate.WAITING, trace.fate());
    assertEquals("the domain has no verdict yet", trace.detail());
  }

  @Test
  void of_heldOutDocument_neverTeaches() {
    assertEquals(Fate.HELD_OUT, trace("judges").fate());
  }

  @Test
  void of_learnedWithoutNamingADomain_namesTheOneThatLearnedIt() {
    SampleTrace trace = trace("assigned");
    assertEquals(Fate.LEARNED, trace.fate());
    assertEquals("java", trace.domain());
    assertEquals("batch 2, release b; passed finite", trace.detail());
  }

  @Test
  void of_namingNoDomain_waitsForOne() {
    SampleTrace trace = trace("homeless");
    assertEquals(Fate.WAITING, trace.fate());
    assertTrue(trace.detail().startsWith("names no domain"), trace.detail());
    assertTrue(trace.text().startsWith("sample homeless without a domain at "), trace.text());
  }

  @Test
  void of_unknownId_isEmpty() {
    assertEquals(List.of(), SampleTrace.of(RECORDING, STORED, HELD_OUT, "nobody"));
  }

  private static Origin at(long offset) {
    return new Origin("samples", 0, offset);
  }

  private static Committed<Arrival> sample(String id, long offset, boolean judges) {
    String document = "d0";
    for (int i = 0; HELD_OUT.contains(null, "java", document) != judges; i++) {
      document = "d" + i;
    }
    return sample(id, document, "java", offset);
  }

  private static Committed<Arrival> unnamed(String id, long offset) {
    return sample(id, "d", null, offset);
  }

  private static Committed<Arrival> sample(
      String id, String document, @Nullable String domain, long offset) {
    Sample sample = Sample.ofText(id, "test", document, domain, "text", 0, at(offset));
    return new Committed<>(new Arrival(sample), at(offset), offset, offset);
  }

  private static Committed<Verdict> verdict(long batch, String release, boolean accepted) {
    var rules = List.of(new RuleResult("finite", accepted, accepted ? "" : "no", Map.of()));
    Verdict verdict =
        new Verdict(null, "java", batch, release, null, accepted, rules, 1, 10, 1, List.of(0.5));
    return new Committed<>(verdict, new Origin("verdicts", 0, batch), 0, 0);
  }

  private static Manifest release(long batch, String sample, long offset) {
    return new Manifest(
        null,
        "java",
        "base",
        new TreeMap<>(),
        "int8-row",
        Routing.topK(1),
        null,
        batch,
        List.of(new LearnedSample(sample, at(offset), false)),
        List.of(at(offset)),
        new TrainingPlan(1, new TreeMap<>(), 1, 1, "test", "none"),
        List.of(),
        null);
  }
}
