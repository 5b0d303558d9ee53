package dev.millrace.job.operator.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.model.media.InvalidMediaException;
import dev.millrace.model.score.Reason;
import dev.millrace.schema.wire.Requests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Whose mistake each error of an answer is: an alert that pages people goes by it. */
class RefusalsTest {

  private static final Path ROOT = Path.of(System.getProperty("millrace.root"));

  /** Where the errors of answers are written. */
  private static final List<String> SOURCES =
      List.of(
          "schemas/src/main/java/dev/millrace/schema/wire/Requests.java",
          "schemas/src/main/java/dev/millrace/schema/wire/Checks.java",
          "model-runtime/src/main/java/dev/millrace/model/serve",
          "model-runtime/src/main/java/dev/millrace/model/swap",
          "flink-jobs/src/main/java/dev/millrace/job/operator/serve/Scheduler.java");

  /** Its reasons are of events, not of requests. */
  private static final String OF_EVENTS = "SwapRule.java";

  private static final Pattern CODE =
      Pattern.compile("\"([a-z]+(?:-[a-z]+)*): |Problem\\(\\s*\"([a-z-]+)\"");

  /** Mistakes of who asked. What is none stands in {@link Requests}. */
  private static final Set<String> MISTAKES =
      Set.of(
          "bad-", // domain or tenant
          "bad-max-tokens",
          "bad-modality",
          "bad-release",
          "bad-stop",
          "bad-temperature",
          "bad-time",
          "bad-top-k",
          "bad-top-p",
          "empty-prompt",
          "media-broken",
          "media-too-large",
          "media-unknown",
          "missing-id",
          "modality-unsupported",
          "nothing-asked",
          "prompt-too-long",
          "prompt-too-short",
          "release-unused",
          "too-long",
          "unknown-release",
          "unknown-request");

  @Test
  void isMistake_everyRefusalInTheSources_isAsSomebodyDecided() throws IOException {
    Set<String> found = new TreeSet<>();
    for (String source : SOURCES) {
      try (Stream<Path> files = Files.walk(ROOT.resolve(source))) {
        for (Path file : files.filter(RefusalsTest::isOfAnswers).toList()) {
          Matcher code = CODE.matcher(Files.readString(file));
          while (code.find()) {
            found.add(code.group(1) == null ? code.group(2) : code.group(1));
          }
        }
      }
    }
    for (InvalidMediaException.Kind kind : InvalidMediaException.Kind.values()) {
      found.add(Reason.of(kind).code());
    }
    found.add(Reason.MODALITY_UNSUPPORTED.code());
    found.removeIf(code -> !Requests.isMistake(code));
    assertEquals(
        new TreeSet<>(MISTAKES), found, "a mistake of who asked belongs here, else into Requests");
  }

  private static boolean isOfAnswers(Path file) {
    return file.toString().endsWith(".java") && !file.endsWith(OF_EVENTS);
  }
}
