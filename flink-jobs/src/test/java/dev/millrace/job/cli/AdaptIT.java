package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.job.cli.options.Home;
import dev.millrace.job.corpus.Corpora;
import dev.millrace.job.corpus.Document;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The whole loop on lines of a user: a real broker, a real Redis, the base that ships. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class AdaptIT extends MovesHome {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int LINES = 160;
  private static final int FEW = 12;
  private static final int BYTES = 400;
  private static final int REQUESTS = 40;

  @Test
  void adapt_linesThatTheBaseNeverSaw_answersAllAndJudgesWhatItLearned() throws Exception {
    Path report = root.resolve("report");
    int status =
        adapt(
            LINES,
            "--report=" + report,
            "--base=" + Path.of(repository, "models", "nano"),
            "--requests=" + REQUESTS,
            "--json");
    assertEquals(0, status, err::toString);
    JsonNode json = JSON.readTree(out.toString());
    JsonNode answers = json.path("answers");
    assertTrue(answers.path("requested").asInt() >= REQUESTS, answers::toString);
    assertEquals(answers.path("requested"), answers.path("answered"), answers::toString);
    for (String none : List.of("duplicated", "missing", "failed", "unasked")) {
      assertEquals(0, answers.path(none).asInt(), none);
    }
    JsonNode verdicts = json.path("releases");
    assertTrue(
        verdicts.path("published").asInt() + verdicts.path("refused").asInt() > 0, json::toString);
    if (verdicts.path("published").asInt() > 0) {
      assertEquals(report.resolve("store"), Home.here().store());
    } else {
      assertThrows(IllegalArgumentException.class, () -> Home.here().store());
    }
    assertEquals(1, json.path("samples").path("rejected").path("not-json").asInt());
    assertTrue(
        err.toString()
            .lines()
            .anyMatch(
                line ->
                    line.matches(
                        ".*(gathering \\d+/\\d+|learning \\d+ s \\((train|judg)ing\\)), .*")),
        err::toString);
    assertEquals(json, JSON.readTree(report.resolve("report.json").toFile()));
    assertTrue(Files.readString(report.resolve("report.html")).contains("\"words\""));
  }

  /** All are on their topic before the learn job runs. */
  @Test
  void adapt_fewerLinesThanABatch_endsWithAReport() throws Exception {
    Path report = root.resolve("report");
    int status =
        adapt(
            FEW,
            "--report=" + report,
            "--base=" + Path.of(repository, "models", "nano"),
            "--requests=1");
    assertEquals(0, status, err::toString);
    JsonNode json = JSON.readTree(report.resolve("report.json").toFile());
    assertEquals(0, json.path("releases").path("published").asInt());
    assertEquals(FEW, json.path("samples").path("accepted").asInt(), json::toString);
  }

  @Test
  void adapt_baseWhoseWeightsCannotBeRead_endsAtOnceAndSaysWhy() throws Exception {
    Path base = Files.createDirectories(root.resolve("base"));
    Path nano = Path.of(repository, "models", "nano");
    for (String file :
        List.of("config.json", "tokenizer.json", "anchors.jsonl", "protected.jsonl")) {
      Files.copy(nano.resolve(file), base.resolve(file));
    }
    Files.write(base.resolve("model.safetensors"), new byte[] {1, 2, 3});
    Path report = root.resolve("report");
    assertEquals(2, adapt(LINES, "--report=" + report, "--base=" + base));
    String last = err.toString().strip().lines().reduce("", (before, line) -> line);
    assertTrue(last.matches("millrace: .*model.safetensors.*"), err::toString);
    assertFalse(err.toString().contains("starting Kafka"), err::toString);
    assertFalse(Files.exists(report));
  }

  private int adapt(int lines, String... options) throws Exception {
    List<String> args = new ArrayList<>(List.of("adapt", "--domain=words"));
    args.add("--input=" + lines(lines));
    args.addAll(List.of(options));
    String[] all = args.toArray(String[]::new);
    return run(all);
  }

  /** Beginnings of a dictionary's documents, and a line that is none. */
  private Path lines(int count) throws Exception {
    List<String> lines = new ArrayList<>();
    List<Document> entries =
        Corpora.load("dictionary").stream().filter(d -> d.text().length() > BYTES).toList();
    for (Document document : entries.subList(0, count)) {
      lines.add(
          JSON.writeValueAsString(
              Map.of(
                  "id", document.id(),
                  "document", document.title(),
                  "text", document.text().substring(0, BYTES))));
    }
    lines.add("{no json");
    return Files.write(root.resolve("lines.jsonl"), lines);
  }
}
