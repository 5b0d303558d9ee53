package dev.millrace.schema.wire;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.UncheckedIOException;
import java.net.UnknownHostException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;

/** What people are told of an exception: what it says, without the names of classes. */
public final class ErrorLine {

  /** Where in the JSON that is not closed began, with a setting of the parser's. */
  private static final Pattern START = Pattern.compile(" \\(start marker at \\[.*]\\)");

  private ErrorLine() {}

  /** What went wrong, without line breaks. */
  public static String of(Throwable e) {
    return words(e).strip().replaceAll("\\s*\\R\\s*", " ");
  }

  /** The same, and each cause that says more. */
  public static String ofCauses(Throwable e) {
    StringBuilder said = new StringBuilder(of(e));
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      String more = of(cause);
      said.append(said.indexOf(more) < 0 ? ": " + more : "");
    }
    return said.toString();
  }

  private static String words(Throwable e) {
    String message =
        e instanceof JsonProcessingException json
            ? START.matcher(json.getOriginalMessage()).replaceFirst("")
            : e.getMessage();
    if (message == null) {
      return wordless(e);
    }
    if (e instanceof CharacterCodingException) {
      return "what was read is not UTF-8: " + message;
    }
    if (isNameAlone(e, message)) {
      return message + ": " + missing(e);
    }
    Throwable cause = e.getCause();
    if (cause != null && message.equals(cause.toString())) {
      return words(cause); // of one that only brings it, as futures do
    }
    if (e instanceof UncheckedIOException && cause != null) {
      String why = words(cause);
      return message.contains(why) ? message : message + ": " + why;
    }
    return isOurs(e) ? e.getClass().getSimpleName() + ": " + message : message;
  }

  private static String wordless(Throwable e) {
    if (e instanceof EOFException) {
      return "it ends too early";
    }
    return e instanceof TimeoutException ? "it took too long" : e.getClass().getSimpleName();
  }

  /** The message of some is the name of what could not be had. */
  private static boolean isNameAlone(Throwable e, String message) {
    return e instanceof UnknownHostException
        || (e instanceof FileSystemException file && file.getReason() == null)
        || (e instanceof FileNotFoundException && !message.contains(" "));
  }

  private static String missing(Throwable e) {
    if (e instanceof NoSuchFileException || e instanceof FileNotFoundException) {
      return "no such file";
    }
    if (e instanceof UnknownHostException) {
      return "no such host";
    }
    return e instanceof AccessDeniedException ? "permission denied" : e.getClass().getSimpleName();
  }

  /** A fault of the program, whose message means little without its kind. */
  private static boolean isOurs(Throwable e) {
    return e instanceof VirtualMachineError
        || e instanceof LinkageError
        || e instanceof NullPointerException
        || e instanceof IndexOutOfBoundsException
        || e instanceof ClassCastException;
  }
}
