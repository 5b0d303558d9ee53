package dev.millrace.job.cli.releases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.AbstractList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SamplesCommandTest {

  private static final Sample SAMPLE =
      Sample.ofText("one", "mail", "legal", "a", "text", 0, Origin.UNWRITTEN);

  @TempDir Path folder;

  @Test
  void write_samples_areALineEach() throws IOException {
    Path file = folder.resolve("f.jsonl");
    SamplesCommand.write(List.of(SAMPLE, SAMPLE), file);
    String line = Files.readAllLines(file).get(0);
    assertEquals(List.of(line, line), Files.readAllLines(file));
    assertTrue(line.startsWith("{\"id\":\"one\",\"text\":\"text\","), line);
  }

  /** What teaches a base of them cannot see that some are missing. */
  @Test
  void write_endsInBetween_leavesNothing() throws IOException {
    List<Sample> cutOff =
        new AbstractList<>() {
          @Override
          public Sample get(int index) {
            if (index > 500) {
              throw new IllegalStateException("cut off");
            }
            return SAMPLE;
          }

          @Override
          public int size() {
            return 1_000;
          }
        };
    assertThrows(
        IllegalStateException.class, () -> SamplesCommand.write(cutOff, folder.resolve("f.jsonl")));
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of(), left.toList());
    }
  }
}
