package dev.millrace.job.cli.options;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.millrace.model.djl.LoadProgress;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** How a command speaks: its result on standard output, everything else on standard error. */
@SuppressWarnings("NullAway.Init") // picocli sets the fields
public final class Output {

  /** The exit status where what was asked for did not come about. */
  public static final int FAILED = 1;

  public static final String LOST =
      "standard output took not all of the result, expected one that is open and has room";

  private static final long SECOND = 1_000_000_000L;

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  private boolean unusedHelp;

  @Option(names = "--json", description = "Machine-readable result on standard output.")
  private boolean json;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  public boolean json() {
    return json;
  }

  public CommandLine commandLine() {
    return spec.commandLine();
  }

  public PrintWriter out() {
    return spec.commandLine().getOut();
  }

  public PrintWriter err() {
    return spec.commandLine().getErr();
  }

  /** Says a line on standard error. */
  public void say(String format, @Nullable Object... values) {
    err().println(String.format(Locale.ROOT, format, values));
  }

  /** The result: as JSON if that was asked for, else as a text. */
  public void result(Object value, String text) {
    out().println(json ? toJson(value) : text);
  }

  /**
   * The same, and the exit status: beside JSON a line on standard error says what is against it, as
   * the text does.
   */
  public int result(Object value, String text, List<String> against) {
    result(value, text);
    if (json && !against.isEmpty()) {
      err().println("millrace: " + String.join("; ", against));
    }
    return against.isEmpty() ? 0 : FAILED;
  }

  /**
   * A line of a result that goes on, at once.
   *
   * @throws LostException if nobody takes it
   */
  public void line(String text) {
    out().println(text);
    if (out().checkError()) {
      throw new LostException();
    }
  }

  /** Standard output takes nothing more. */
  public static final class LostException extends IllegalStateException {
    private static final long serialVersionUID = 1;

    LostException() {
      super(LOST);
    }
  }

  /** Says on standard error how far a checkpoint is loaded, every second of a long load. */
  public LoadProgress loading() {
    long[] next = {System.nanoTime() + SECOND};
    return (done, total) -> {
      long now = System.nanoTime();
      if (now - next[0] >= 0) {
        next[0] = now + SECOND;
        say("loaded %.1f of %.1f million weights", done / 1e6, total / 1e6);
      }
    };
  }

  /**
   * A file that an option has written, said before anything is computed for it.
   *
   * @throws IllegalArgumentException if it cannot be one
   */
  public static void requireWritable(String option, Path file) {
    Path folder = file.toAbsolutePath().getParent();
    boolean writable =
        Files.exists(file)
            ? !Files.isDirectory(file) && Files.isWritable(file)
            : folder != null && takesFiles(folder);
    if (!writable) {
      throw new IllegalArgumentException(
          option + " " + file + ", expected a file in a folder that is there and can be written");
    }
  }

  /**
   * A folder that an option has written, which need not be there yet.
   *
   * @throws IllegalArgumentException if it is a file, or cannot be made or written
   */
  public static void requireFolder(String option, Path folder) {
    Path there = folder.toAbsolutePath();
    while (there != null && !Files.exists(there)) {
      there = there.getParent();
    }
    if (there == null || !takesFiles(there)) {
      throw new IllegalArgumentException(
          option + " " + folder + ", expected a folder that can be written");
    }
  }

  /** Tried, as rights do not tell that a file system is read-only. */
  private static boolean takesFiles(Path folder) {
    try {
      Files.delete(Files.createTempFile(folder, ".millrace-", ".part"));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  public static String toJson(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A value as JSON on one line. */
  public static String toLine(Object value) {
    try {
      return JSON.writer().without(SerializationFeature.INDENT_OUTPUT).writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
