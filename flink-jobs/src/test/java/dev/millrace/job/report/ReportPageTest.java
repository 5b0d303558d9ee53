package dev.millrace.job.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.millrace.job.report.Timeline.Judged;
import dev.millrace.job.report.Timeline.Qualities;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The page draws whatever came of a run; its script is run by Node.js, where there is one. */
@Timeout(120)
class ReportPageTest {

  /** A page without a browser: prints what became of its three plots. */
  private static final String RUN =
      """
      const plots = {};
      const document = {getElementById: id => plots[id] ??= {clientWidth: 1000, innerHTML: ""}};
      const addEventListener = () => {};
      %s
      for (const id of ["loss", "quality", "latency"]) console.log(plots[id].innerHTML);
      """;

  @TempDir Path folder;

  @Test
  void draw_moreSamplesThanACallTakesArguments_areDrawn() throws Exception {
    assertTrue(drawn(List.of(), qualities(300_000)).contains("<rect "), "no bar");
  }

  @Test
  void draw_moreVerdictsThanACallTakesArguments_areDrawn() throws Exception {
    List<Judged> verdicts = IntStream.range(0, 50_000).mapToObj(i -> judged(i, 2)).toList();
    assertTrue(drawn(verdicts, qualities(0)).contains("<circle "), "no release");
  }

  @Test
  void draw_oneSample_hasABarThatIsSeen() throws Exception {
    String drawn = drawn(List.of(), qualities(1));
    assertFalse(drawn.contains("width=\"-"), drawn);
  }

  @Test
  void draw_figuresThatAreNone_leaveTheOtherPlots() throws Exception {
    String drawn = drawn(List.of(judged(0, Double.NaN)), qualities(3));
    assertTrue(drawn.contains("too few had come in"), drawn);
    assertTrue(drawn.contains("<rect "), drawn);
  }

  private static Judged judged(long at, double figure) {
    return new Judged(at, "d", true, "release", figure, figure, figure, "");
  }

  private static Qualities qualities(int samples) {
    List<Double> all = IntStream.range(0, samples).mapToObj(i -> i % 7 / 7.0).toList();
    return new Qualities(all, List.of());
  }

  private String drawn(List<Judged> verdicts, Qualities qualities) throws Exception {
    Timeline timeline =
        new Timeline(
            verdicts,
            List.of(),
            List.of(),
            List.of(),
            new TreeMap<>(Map.of("d", qualities)),
            List.of(),
            List.of());
    String page = ReportFolder.page(ReportFolderTest.report("run"), timeline);
    String script = page.substring(page.indexOf("<script>") + 8, page.indexOf("</script>"));
    return node(folder.resolve("page.js"), RUN.formatted(script));
  }

  private static String node(Path file, String script) throws Exception {
    Files.writeString(file, script);
    Process node;
    try {
      node = new ProcessBuilder("node", file.toString()).redirectErrorStream(true).start();
    } catch (IOException e) {
      return abort("no Node.js here: " + e.getMessage());
    }
    String said = new String(node.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, node.waitFor(), said);
    return said;
  }
}
