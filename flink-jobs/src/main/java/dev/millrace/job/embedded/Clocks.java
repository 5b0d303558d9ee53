package dev.millrace.job.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * Where Flink's processes have their time from: this machine, or libfaketime, which adds what a
 * file says and looks there again every second. Only the time of day changes; what measures how
 * long something takes does not.
 */
public sealed interface Clocks {

  /** What a process' command begins with, so that it reads its own clock. */
  List<String> before(String process);

  /** The clock of this machine. */
  static Clocks real() {
    return new Real();
  }

  /**
   * Clocks that can be set.
   *
   * @param folder where the difference of each stands
   * @throws IllegalStateException if there is no libfaketime
   */
  static Movable movable(Path folder) {
    return Movable.LIBRARIES.stream()
        .filter(Files::exists)
        .findFirst()
        .map(library -> new Movable(library, folder))
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "no libfaketime, expected at one of "
                        + Movable.LIBRARIES
                        + " (apt-get install faketime)"));
  }

  /** As it is. */
  record Real() implements Clocks {
    @Override
    public List<String> before(String process) {
      return List.of();
    }
  }

  /**
   * Ahead or behind.
   *
   * @param library libfaketime for programs of many threads
   */
  record Movable(Path library, Path folder) implements Clocks {

    private static final List<Path> LIBRARIES =
        List.of(
            Path.of("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"),
            Path.of("/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1"),
            Path.of("/usr/lib64/faketime/libfaketimeMT.so.1"));

    @Override
    public List<String> before(String process) {
      set(process, 0);
      return List.of(
          "env",
          "LD_PRELOAD=" + library,
          "FAKETIME_TIMESTAMP_FILE=" + file(process),
          "FAKETIME_CACHE_DURATION=1",
          "FAKETIME_DONT_FAKE_MONOTONIC=1",
          "FAKETIME_FORCE_MONOTONIC_FIX=0"); // else every wait of the JVM becomes a busy loop
    }

    /** Moves a process' clock to so many seconds ahead of this machine's; negative is behind. */
    public void set(String process, long seconds) {
      try {
        Files.createDirectories(folder);
        Path next = folder.resolve(process + ".next");
        Files.writeString(next, "%+d\n".formatted(seconds));
        Files.move(next, file(process), StandardCopyOption.REPLACE_EXISTING);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private Path file(String process) {
      return folder.resolve(process);
    }
  }
}
