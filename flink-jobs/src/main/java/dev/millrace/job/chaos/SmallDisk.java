package dev.millrace.job.chaos;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/** A file system of its own, in memory, that is small enough to be filled. */
final class SmallDisk implements AutoCloseable {

  private static final int CHUNK = 1 << 20;

  private final Path folder;
  private final AtomicInteger fills = new AtomicInteger();

  private SmallDisk(Path folder) {
    this.folder = folder;
  }

  /**
   * Mounts one.
   *
   * @param mebibytes that it holds
   * @throws IllegalStateException if this user may not mount
   */
  static SmallDisk mount(Path folder, int mebibytes) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    run("mount", "-t", "tmpfs", "-o", "size=" + mebibytes + "m", "tmpfs", folder.toString());
    return new SmallDisk(folder);
  }

  private static void run(String... command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String said =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (process.waitFor() != 0) {
        throw new IllegalStateException(
            "%s failed: %s; disk-full needs the right to mount a tmpfs"
                .formatted(String.join(" ", command), said));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted in " + String.join(" ", command), e);
    }
  }

  Path folder() {
    return folder;
  }

  /** Takes all the room that is left, with a file of its own each time. */
  Path fill() {
    Path ballast = folder.resolve("ballast-" + fills.incrementAndGet());
    byte[] chunk = new byte[CHUNK];
    try (OutputStream out = Files.newOutputStream(ballast)) {
      while (true) {
        out.write(chunk);
      }
    } catch (IOException full) {
      return ballast;
    }
  }

  @Override
  public void close() {
    unmount(folder);
  }

  /** Takes away what is mounted at a folder, if anything is. */
  static void unmount(Path folder) {
    try {
      if (Files.isDirectory(folder) && !device(folder).equals(device(folder.resolve("..")))) {
        run("umount", "-l", folder.toString());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Object device(Path folder) throws IOException {
    return Files.getAttribute(folder, "unix:dev");
  }
}
