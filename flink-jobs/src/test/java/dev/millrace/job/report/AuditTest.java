package dev.millrace.job.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.schema.Origin;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Verdict;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AuditTest {

  private static final GenerateCounts NO_GENERATE = new GenerateCounts(0, 0, 0, 0);

  @Test
  void answerCounts_oneOfEachTrouble_countsEach() {
    AnswerCounts counts =
        AnswerCounts.of(
            List.of(
                Topic.request("once", 0, 0),
                Topic.request("twice", 1, 0),
                Topic.request("never", 2, 0),
                Topic.request("badly", 3, 0),
                Topic.request("once", 4, 0)),
            List.of(
                Topic.answer("once", 0, null, null, 10),
                Topic.answer("twice", 1, null, null, 11),
                Topic.answer("twice", 1, null, null, 12),
                Topic.answer("badly", 3, "no", null, 13),
                Topic.answer("once", 4, null, null, 14),
                Topic.answer("nobody", 9, null, null, 15)));
    assertEquals(new AnswerCounts(5, 4, 1, 1, 1, 1, NO_GENERATE), counts);
  }

  @Test
  void generateCounts_someScoreSomeCached_countsWhatGenerates() {
    GenerateCounts counts =
        GenerateCounts.of(
            List.of(
                Topic.request("scores", 0, 0),
                Topic.generate("cached", 1, "one", 40, true),
                Topic.generate("uncached", 2, "one", 32, false),
                Topic.generate("other", 3, "two", 64, false)));
    assertEquals(new GenerateCounts(3, 2, 2, 32), counts);
  }

  @Test
  void sampleCounts_refusedTwice_isCountedOnceAndTold() {
    SampleCounts counts =
        SampleCounts.of(
            List.of(Topic.sample(0, 0), Topic.sample(1, 0), Topic.sample(2, 0)),
            List.of(
                Topic.rejection(1, "too-short"),
                Topic.rejection(1, "too-short"),
                Topic.rejection(7, "too-long")),
            List.of(Topic.verdict(0, null, 100)));
    assertEquals(new SampleCounts(3, 2, new TreeMap<>(Map.of("too-short", 1)), 8, 1), counts);
  }

  @Test
  void sampleCounts_batchThatWaited_taughtWithTheNextThatWasTrained() {
    var waits = Topic.verdict(0, "tried", 0);
    var dropped = Topic.verdict(1, "foreign", 0);
    var taught = Topic.verdict(2, "protected-unharmed", 100);
    assertEquals(0, SampleCounts.of(List.of(), List.of(), List.of(waits)).taught());
    assertEquals(8, SampleCounts.of(List.of(), List.of(), List.of(dropped, taught)).taught());
    assertEquals(16, SampleCounts.of(List.of(), List.of(), List.of(waits, taught)).taught());
    assertEquals(
        8, SampleCounts.of(List.of(), List.of(), List.of(waits, dropped, taught)).taught());
  }

  @Test
  void releaseCounts_batchesWithoutACandidate_countWhereTheyWait() {
    ReleaseCounts counts =
        ReleaseCounts.of(
            List.of(
                Topic.verdict(0, "enough-evidence", 0),
                Topic.verdict(1, null, 100),
                Topic.verdict(2, "protected-unharmed", 100),
                Topic.verdict(3, "tried", 0),
                Topic.verdict(4, "in-domain", 0)));
    assertEquals(
        new ReleaseCounts(
            1,
            1,
            2,
            new TreeMap<>(Map.of("protected-unharmed", 1)),
            new TreeMap<>(Map.of("d", new TreeMap<>(Map.of("protected-unharmed", 1))))),
        counts);
  }

  /** As somebody pins a domain at the console of a demo: nothing is published. */
  @Test
  void counts_orderThatWasObeyed_isNeitherABatchNorARelease() {
    var rules = List.of(new RuleResult("pin-obeyed", true, "", Map.of()));
    Verdict pinned = new Verdict(null, "d", 1, "r0", "r0", true, rules, 0, 0, 0, List.of());
    var verdicts =
        List.of(
            Topic.verdict(0, null, 100),
            new Committed<>(pinned, new Origin("verdicts", 0, 1), 0, 0));
    assertEquals(1, ReleaseCounts.of(verdicts).published());
    DomainProgress progress =
        DomainProgress.of(Topic.recording(List.of(Topic.sample(0, 0)), List.of(), verdicts))
            .get("d");
    assertEquals(1, progress.releases());
    assertEquals(1, progress.batches());
  }

  @Test
  void freshness_sampleOfAnEarlierRelease_countsFromTheFirstAnswerThatContainsIt() {
    Lineage lineage =
        new Lineage(
            Map.of(
                "r0", learned(null, 0),
                "r1", learned("r0", 1),
                "r2", learned("r1", 2)));
    Quantiles freshness =
        Freshness.of(
            List.of(Topic.sample(0, 100), Topic.sample(1, 200), Topic.sample(2, 300)),
            List.of(
                Topic.answer("a", 0, null, null, 150),
                Topic.answer("b", 1, "failed", "r0", 180),
                Topic.answer("c", 2, null, "r1", 499)),
            lineage);
    // r1's answer, seen at 500, contains what r0 learned; nothing answered by r2
    assertEquals(new Quantiles(300, 400, 2), freshness);
  }

  /** What came after it was trained from the release before. */
  @Test
  void freshness_releaseThatWasTakenBack_isNotInLaterOnes() {
    Lineage lineage =
        new Lineage(
            Map.of(
                "r0", learned(null, 0),
                "r1", learned("r0", 1),
                "r2", learned("r0", 2)));
    Quantiles freshness =
        Freshness.of(
            List.of(Topic.sample(0, 100), Topic.sample(1, 200), Topic.sample(2, 300)),
            List.of(Topic.answer("a", 0, null, "r2", 499)),
            lineage);
    assertEquals(new Quantiles(200, 400, 2), freshness);
  }

  private static Lineage.Learned learned(@Nullable String parent, long offset) {
    return new Lineage.Learned(parent, Set.of(Topic.sample(offset, 0).origin()));
  }

  @Test
  void domainProgress_ruleThatFailedToJudge_saysNothingOfBits() {
    Recording recording =
        Topic.recording(
            List.of(Topic.sample(0, 0)),
            List.of(),
            List.of(Topic.verdict(0, "better-than-incumbent", 100)));
    assertEquals(
        Map.of("d", new DomainProgress(1, 0, 1, 0, Double.NaN, Double.NaN)),
        DomainProgress.of(recording));
    assertEquals(List.of(), Timeline.of(recording).verdicts());
  }

  @Test
  void swaps_severalSubtasks_eachItsFirstAnswerByARelease() {
    var answers =
        List.of(
            Topic.answer("a", 0, null, null, 10, 0),
            Topic.answer("b", 1, null, "r0", 100, 0),
            Topic.answer("c", 2, null, "r0", 130, 1),
            Topic.answer("d", 3, null, "r0", 140, 0),
            Topic.answer("e", 4, null, "r1", 200, 0));
    SwapFigures figures = SwapFigures.of(answers, new AnswerCounts(6, 5, 0, 1, 0, 0, NO_GENERATE));
    assertEquals(new SwapFigures(3, 40, 40, 1), figures);
  }
}
