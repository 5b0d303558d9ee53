package dev.millrace.job.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportFolderTest {

  /** What scripts rely on. */
  private static final Map<String, List<String>> FIELDS =
      Map.of(
          "answers",
              List.of(
                  "requested",
                  "answered",
                  "duplicated",
                  "missing",
                  "failed",
                  "generate",
                  "generateUncached",
                  "generatePrompts",
                  "generateFewestTokens"),
          "samples", List.of("in", "accepted", "rejected"),
          "releases", List.of("published", "refused"),
          "protected", List.of("bitsPerByteBefore", "bitsPerByteAfter"),
          "freshnessMillis", List.of("p50", "p99", "n"),
          "swap", List.of("n", "p50Millis", "p99Millis", "failedRequests"),
          "cache", List.of("l1", "redis", "miss"),
          "machine", List.of("cores", "memory", "java", "load"));

  private static final List<String> DOMAIN_FIELDS =
      List.of("bitsPerByteBase", "bitsPerByteAdapted", "bitsPerByteNgram", "heldOutBytes");

  @TempDir Path folder;

  @Test
  void write_anyRun_hasEveryFieldOfTheContract() throws IOException {
    new ReportFolder(folder).write(report("run"), Timeline.of(recording()));
    JsonNode json = new ObjectMapper().readTree(folder.resolve("report.json").toFile());
    FIELDS.forEach(
        (group, names) ->
            names.forEach(
                name -> assertFalse(json.path(group).path(name).isMissingNode(), group + name)));
    DOMAIN_FIELDS.forEach(
        name -> assertFalse(json.path("domains").path("d").path(name).isMissingNode(), name));
    assertEquals(1, json.path("samples").path("rejected").path("too-short").asInt());
  }

  @Test
  void write_nothingTaught_theNgramIsNullAndNotANumberThatMeansNothing() throws IOException {
    new ReportFolder(folder).write(report("run"), Timeline.of(recording()));
    JsonNode json = new ObjectMapper().readTree(folder.resolve("report.json").toFile());
    assertTrue(json.path("domains").path("d").path("bitsPerByteNgram").isNull());
  }

  @Test
  void page_textThatEndsTheScript_doesNot() throws IOException {
    String page = ReportFolder.page(report("</script><b>"), Timeline.of(recording()));
    assertFalse(page.contains("</script><b>"));
    assertFalse(page.contains("src=\"http"));
  }

  @Test
  void write_refusedCandidate_saysOfWhichDomainAndWhy() throws IOException {
    Recording recording =
        Topic.recording(
            List.of(Topic.sample(0, 0)),
            List.of(),
            List.of(
                Topic.verdict(0, "enough-evidence", 0), Topic.verdict(1, "generalization-gap", 9)));
    Timeline timeline = Timeline.of(recording);
    assertEquals(
        List.of(
            new Timeline.RefusedCandidate(0, "d", "adapter", "generalization-gap", "too large")),
        timeline.candidates());
  }

  /** The excerpt of what was refused ends in the middle of it. */
  @Test
  void write_characterOfTwoAtTheEndOfAnExcerpt_isWrittenWhole() throws IOException {
    String before = "a".repeat(159);
    Recording recording =
        Topic.recording(
            List.of(Topic.sample(0, 0, before + "\uD83D\uDE00 and more")),
            List.of(Topic.rejection(0, "too-short")),
            List.of());
    new ReportFolder(folder).write(report("run"), Timeline.of(recording));
    String page = Files.readString(folder.resolve("report.html"));
    assertTrue(page.contains(before + "\uD83D\uDE00\""), "the excerpt is not there");
  }

  static Report report(String command) {
    Measurements measurements =
        new Measurements(
            new TreeMap<>(
                Map.of("d", new Measurements.Measured(100, 2.0, new TreeMap<>(), null, 0))),
            1.5,
            new TreeMap<>());
    return new Reporter(recording(), new Lineage(Map.of()), measurements)
        .report(
            new Report.Run(command, "2026-01-01T00:00:00Z", 1, 17, Topic.BASE),
            new Machine(2, 1, "17", 0.5),
            Map.of());
  }

  private static Recording recording() {
    return new Recording(
        List.of(Topic.sample(0, 0), Topic.sample(1, 0)),
        List.of(Topic.rejection(1, "too-short")),
        List.of(),
        List.of(),
        List.of(Topic.request("a", 0, 0)),
        List.of(Topic.answer("a", 0, null, null, 10)),
        List.of());
  }
}
