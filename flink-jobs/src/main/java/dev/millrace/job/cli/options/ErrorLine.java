package dev.millrace.job.cli.options;

import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** What is said of an exception where a command ends with it. */
public final class ErrorLine {

  private ErrorLine() {}

  /** What went wrong, without line breaks. */
  public static String of(Throwable e) {
    return words(e).strip().replaceAll("\\s*\\R\\s*", " ");
  }

  private static String words(Throwable e) {
    String message = e.getMessage();
    if (message == null) {
      return e.getClass().getSimpleName();
    }
    if (e instanceof CharacterCodingException) {
      return "what was read is not UTF-8: " + message;
    }
    if (e instanceof NoSuchFileException) {
      return message + ": no such file";
    }
    if (e instanceof FileSystemException file && file.getReason() == null) {
      return message + ": " + e.getClass().getSimpleName(); // the message is the file alone
    }
    Throwable cause = e.getCause();
    if (cause != null && message.equals(cause.toString())) {
      return words(cause); // of one that only brings it, as futures do
    }
    if (e instanceof UncheckedIOException && cause != null) {
      String why = words(cause);
      return message.contains(why) ? message : message + ": " + why;
    }
    return message;
  }
}
