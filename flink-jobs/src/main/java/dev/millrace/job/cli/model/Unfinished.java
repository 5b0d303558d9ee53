package dev.millrace.job.cli.model;

import dev.millrace.job.embedded.EndHook;
import dev.millrace.job.embedded.TempDirectory;
import java.nio.file.Files;
import java.nio.file.Path;

/** A folder that is to be moved when it is whole: else nothing is left of it. */
final class Unfinished implements AutoCloseable {

  private final Path folder;
  private final Thread hook;

  private Unfinished(Path folder) {
    this.folder = folder;
    this.hook = new Thread(() -> TempDirectory.delete(folder), "millrace-unfinished");
  }

  /**
   * Until it is closed, or the process is told to end.
   *
   * @throws IllegalArgumentException if it is there: what is in it would become part of the whole
   */
  static Unfinished watch(Path folder) {
    if (Files.exists(folder)) {
      throw new IllegalArgumentException(
          folder + " is there, expected none: delete what an earlier run has left");
    }
    Unfinished unfinished = new Unfinished(folder);
    Runtime.getRuntime().addShutdownHook(unfinished.hook);
    return unfinished;
  }

  @Override
  public void close() {
    TempDirectory.delete(folder);
    EndHook.remove(hook);
  }
}
