package dev.millrace.job.embedded;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.util.ArrayList;
import java.util.List;

/** What a shell does once this process has ended, also by {@code kill -9}; closed, it does not. */
record LastWill(Process shell) implements AutoCloseable {

  /** The shell reads from a pipe that ends with this process. Ctrl-C goes to all its group. */
  private static final String WAIT = "trap '' HUP INT TERM; read -r _; ";

  /**
   * Starts the shell.
   *
   * @param script what it does
   * @param words {@code $1} and what follows
   */
  static LastWill of(String script, String... words) {
    List<String> command = new ArrayList<>(List.of("sh", "-c", WAIT + script, "sh"));
    command.addAll(List.of(words));
    try {
      return new LastWill(
          new ProcessBuilder(command)
              .directory(new File("/"))
              .redirectOutput(Redirect.DISCARD)
              .redirectError(Redirect.DISCARD)
              .start());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot run sh", e);
    }
  }

  @Override
  public void close() {
    shell.destroyForcibly().onExit().join();
  }
}
