package dev.millrace.schema.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnknownHostException;
import java.nio.charset.MalformedInputException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class ErrorLineTest {

  @Test
  void of_files_saysWhatIsWrongWithWhich() {
    IOException denied = new AccessDeniedException("report.html");
    assertEquals("report.html: permission denied", ErrorLine.of(denied));
    assertEquals("a: no such file", ErrorLine.of(new NoSuchFileException("a")));
    IOException gone = new NoSuchFileException("/store", null, "the store is gone");
    assertEquals("/store: the store is gone", ErrorLine.of(gone));
    assertEquals(
        "what was read is not UTF-8: Input length = 1",
        ErrorLine.of(new MalformedInputException(1)));
    assertEquals(
        "cannot write the report to out: report.html: permission denied",
        ErrorLine.of(new UncheckedIOException("cannot write the report to out", denied)));
    assertEquals("disk full", ErrorLine.of(new UncheckedIOException(new IOException("disk full"))));
  }

  /** Verdicts, answers and logs named classes, and of a missing file nothing else than its path. */
  @Test
  void of_messageThatIsAName_saysWhatIsWrongWithIt() {
    assertEquals("/store/a: no such file", ErrorLine.of(new FileNotFoundException("/store/a")));
    assertEquals(
        "/store/a (Permission denied)",
        ErrorLine.of(new FileNotFoundException("/store/a (Permission denied)")));
    assertEquals("redis: no such host", ErrorLine.of(new UnknownHostException("redis")));
    assertEquals("it ends too early", ErrorLine.of(new EOFException()));
  }

  /** Who is to mend the program is told more. */
  @Test
  void of_faultOfTheProgram_keepsItsKind() {
    assertEquals(
        "IndexOutOfBoundsException: Index 3",
        ErrorLine.of(new IndexOutOfBoundsException("Index 3")));
    assertEquals("StackOverflowError", ErrorLine.of(new StackOverflowError()));
    assertEquals("Lexical error", ErrorLine.of(new Error("Lexical error")), "as of parsers");
  }

  /** Where a file ended too early, Jackson told of a setting of its own. */
  @Test
  void of_brokenJson_saysWhatIsWrongAlone() {
    var broken =
        assertThrows(JsonProcessingException.class, () -> new ObjectMapper().readTree("{"));
    assertEquals("Unexpected end-of-input: expected close marker for Object", ErrorLine.of(broken));
  }

  @Test
  void ofCauses_saysEachThingOnce() {
    IOException away = new IOException("the disk is gone");
    assertEquals(
        "release r cannot be read: the disk is gone",
        ErrorLine.ofCauses(new UncheckedIOException("release r cannot be read", away)));
    assertEquals(
        "no answer: the disk is gone",
        ErrorLine.ofCauses(new IllegalStateException("no answer", away)));
  }

  /** An order whose broker went away was told with the class of what it had failed of. */
  @Test
  void of_failedFuture_saysWhatItFailedOfAlone() {
    Throwable why = new IllegalStateException("broker b:1, expected one that answers");
    assertEquals(why.getMessage(), ErrorLine.of(new CompletionException(why)));
  }
}
