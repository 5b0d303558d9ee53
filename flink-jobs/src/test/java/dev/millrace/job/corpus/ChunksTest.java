package dev.millrace.job.corpus;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ChunksTest {

  @Property(tries = 300)
  void chunks_anyText_joinToItAndKeepTheBound(
      @ForAll String text, @ForAll @IntRange(min = 4, max = 40) int maxBytes) {
    // A lone surrogate has no UTF-8 form.
    String valid =
        text.codePoints()
            .filter(c -> c < 0xD800 || c > 0xDFFF)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
    List<Document> chunks = Chunks.chunks(Document.whole("d", "t", valid), maxBytes);
    assertEquals(valid, chunks.stream().map(Document::text).collect(joining()));
    chunks.forEach(chunk -> assertTrue(chunk.bytes() <= maxBytes, chunk.toString()));
  }

  @Test
  void chunks_lines_areKeptWhole() {
    Document document = Document.whole("d", "t", "first line\nsecond line\nthird line\n");
    List<Document> chunks = Chunks.chunks(document, 24);
    assertEquals(
        List.of(
            new Document("t#0", "d", "t", "first line\nsecond line\n"),
            new Document("t#1", "d", "t", "third line\n")),
        chunks);
  }

  @Test
  void chunks_longLine_isCutAfterASentence() {
    Document document = Document.whole("d", "t", "It rains. It pours. The old man is snoring.");
    assertEquals(
        List.of("It rains. It pours. ", "The old man is snoring."),
        Chunks.chunks(document, 24).stream().map(Document::text).toList());
  }

  /** Each of its characters was a piece of its own, which takes a hundred bytes. */
  @Test
  void paragraphs_longLineWithoutASpace_takesLessMemoryThanTwoOfIt() {
    String line = "a".repeat(1 << 20);
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
    List<String> pieces = Chunks.paragraphs(line, 1 << 10);
    long bytes = threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
    assertEquals(1 << 10, pieces.size());
    assertTrue(bytes < 2L * line.length(), bytes + " bytes");
  }
}
