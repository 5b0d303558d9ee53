package dev.millrace.job.cli.options;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class ErrorLineTest {

  @Test
  void of_files_saysWhatIsWrongWithWhich() {
    IOException denied = new AccessDeniedException("report.html");
    assertEquals("report.html: AccessDeniedException", ErrorLine.of(denied));
    assertEquals("a: no such file", ErrorLine.of(new NoSuchFileException("a")));
    assertEquals(
        "what was read is not UTF-8: Input length = 1",
        ErrorLine.of(new MalformedInputException(1)));
    assertEquals(
        "cannot write the report to out: report.html: AccessDeniedException",
        ErrorLine.of(new UncheckedIOException("cannot write the report to out", denied)));
    assertEquals("disk full", ErrorLine.of(new UncheckedIOException(new IOException("disk full"))));
  }

  /** An order whose broker went away was told with the class of what it had failed of. */
  @Test
  void of_failedFuture_saysWhatItFailedOfAlone() {
    Throwable why = new IllegalStateException("broker b:1, expected one that answers");
    assertEquals(why.getMessage(), ErrorLine.of(new CompletionException(why)));
  }
}
