package dev.millrace.job.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Keeps other processes from changing a cluster meanwhile. Threads of one process share it: a
 * shutdown hook ends what another thread may be starting.
 *
 * @param patience how long another process may have it
 */
record ClusterLock(Path file, Duration patience) {

  /** After so long whoever waits is told so. */
  private static final Duration SOON = Duration.ofSeconds(2);

  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  /**
   * Makes a change, alone.
   *
   * @param told that another process has the lock, if it does not give it back soon
   * @param meanwhile is run again and again from then on
   * @throws IllegalStateException if another process has the lock for too long
   */
  <T> T during(Supplier<T> change, Consumer<String> told, Runnable meanwhile) {
    if (!HELD.add(file)) {
      return change.get();
    }
    try (FileChannel channel = open()) {
      String other =
          "another process starts or stops the cluster in %s, ".formatted(file.getParent());
      boolean alone = Poll.until(SOON, () -> isTaken(channel));
      if (!alone && patience.compareTo(SOON) > 0) {
        told.accept(other + "waiting for it");
        BooleanSupplier isTaken =
            () -> {
              meanwhile.run();
              return isTaken(channel);
            };
        alone = Poll.until(patience.minus(SOON), isTaken);
      }
      if (!alone) {
        throw new IllegalStateException(other + "expected one at a time");
      }
      return change.get();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot lock " + file, e);
    } finally {
      HELD.remove(file);
    }
  }

  private FileChannel open() throws IOException {
    Files.createDirectories(file.getParent());
    return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  private static boolean isTaken(FileChannel channel) {
    try {
      return channel.tryLock() != null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
