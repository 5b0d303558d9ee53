package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.operator.learn.Lessons.Lesson;
import dev.millrace.job.report.Arrival;
import dev.millrace.job.report.Committed;
import dev.millrace.job.report.Recording;
import dev.millrace.job.report.Topic;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProgressViewTest {

  private static final int BATCH = 64;

  private final StringWriter err = new StringWriter();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0  | 0 | 0    | false | legal 1 in, 0 refused, 0 releases, –",
        "40 | 0 | 0    | false | legal 1 in, 0 refused, 0 releases, gathering 40/64, –",
        "7  | 1 | 0    | false | legal 1 in, 0 refused, 0 releases, in line, –",
        "7  | 1 | 12.7 | true  | legal 1 in, 0 refused, 0 releases, learning 12 s (training), –",
        "7  | 1 | 0.7  | false | legal 1 in, 0 refused, 0 releases, learning 0 s, –"
      })
  void progress_domain_saysWhatIsDoneForIt(
      int gathering, int pending, double seconds, boolean training, String expected) {
    try (ProgressView view = view(new Lesson(gathering, pending, seconds, training))) {
      assertEquals(expected, line(view));
    }
  }

  @Test
  void progress_lessonThatIsNotTrained_isJudgedOnceItWasTrained() {
    AtomicReference<Lesson> lesson = new AtomicReference<>(new Lesson(7, 1, 3.2, true));
    try (ProgressView view =
        new ProgressView(new PrintWriter(err, true), BATCH, domain -> lesson.get())) {
      assertTrue(line(view).contains("learning 3 s (training), "));
      lesson.set(new Lesson(7, 1, 8.1, false));
      assertTrue(line(view).contains("learning 8 s (judging), "));
      lesson.set(new Lesson(7, 1, 0.4, false)); // the next one
      assertTrue(line(view).contains("learning 0 s, "));
    }
  }

  /** What the next line says of the domain. */
  private String line(ProgressView view) {
    err.getBuffer().setLength(0);
    while (err.toString().isEmpty()) { // every few ticks there is a line
      view.progress(recording());
    }
    String line = err.toString().strip();
    return line.substring(line.indexOf("| ") + 2);
  }

  @Test
  void progress_onATerminal_fitsEightyColumns() {
    System.setProperty("millrace.terminal", "true");
    try (ProgressView view = view(new Lesson(40, 1, 312.7, true))) {
      view.progress(recording());
    } finally {
      System.clearProperty("millrace.terminal");
    }
    List<String> lines = err.toString().replaceAll("\u001b\\[\\?7[lh]", "").lines().toList();
    lines.forEach(line -> assertTrue(line.length() <= 80, line));
    assertTrue(lines.get(1).contains(" train 312 s "), lines::toString);
  }

  private ProgressView view(Lesson lesson) {
    return new ProgressView(new PrintWriter(err, true), BATCH, domain -> lesson);
  }

  private static Recording recording() {
    Origin origin = new Origin("millrace.samples", 0, 0);
    Sample sample = Sample.ofText("a", "test", "d", "legal", "text", 1, Origin.UNWRITTEN);
    return Topic.recording(
        List.of(new Committed<>(new Arrival(sample), origin, 1, 2)), List.of(), List.of());
  }
}
