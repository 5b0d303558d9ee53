package dev.millrace.job.cli.options;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.job.embedded.LocalCluster;
import dev.millrace.job.embedded.ProcessLock;
import dev.millrace.model.weights.WholeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The folder that Millrace runs from.
 *
 * @param root holds {@code models/} and {@code .millrace/}
 */
public record Home(Path root) {

  public static Home here() {
    return new Home(Path.of(System.getProperty("millrace.root", ".")).toAbsolutePath().normalize());
  }

  public Path nano() {
    return root.resolve("models").resolve("nano");
  }

  public Path align() {
    return root.resolve("models").resolve("align");
  }

  /** Jars that only benchmarks load, into processes of their own. */
  public Path rivals() {
    return root.resolve("flink-jobs").resolve("target").resolve("rivals");
  }

  /** The cluster of processes on this machine, running or not. */
  public LocalCluster cluster() {
    return cluster(root.resolve(".millrace").resolve("cluster"));
  }

  /** A cluster in a folder of its own. */
  public LocalCluster cluster(Path folder) {
    return new LocalCluster(root.resolve("flink-jobs").resolve("target"), folder);
  }

  /** Where a run with faults has its cluster. */
  public Path chaos(long seed) {
    return root.resolve(".millrace").resolve("chaos").resolve("seed-" + seed);
  }

  private Path lastStore() {
    return root.resolve(".millrace").resolve("last-store");
  }

  public void remember(Path store) throws IOException {
    Files.createDirectories(root.resolve(".millrace"));
    WholeFile.write(lastStore(), store.toAbsolutePath().normalize().toString().getBytes(UTF_8));
  }

  /** Where a gateway learns that was given no store, before any run had one. */
  private Path ownStore() {
    return root.resolve(".millrace").resolve("store");
  }

  /**
   * Keeps other commands from learning into a store.
   *
   * @param option as it was given
   * @throws IllegalStateException if one does
   */
  public static ProcessLock lock(Path store, String option) throws IOException {
    return ProcessLock.take(store.resolve(".lock"), option);
  }

  /** The store of the last run, or one to begin with. */
  public Path storeOrNew() throws IOException {
    return last().orElse(ownStore());
  }

  /** The store of the last run. */
  public Path store() throws IOException {
    Optional<Path> last = last().or(() -> Optional.of(ownStore()).filter(Files::isDirectory));
    return last.orElseThrow(
        () ->
            new IllegalArgumentException(
                "no store known yet, expected --store DIR or an earlier ./millrace demo or adapt"));
  }

  /** Empty too where a crash has left nothing in the file. */
  private Optional<Path> last() throws IOException {
    String noted = Files.exists(lastStore()) ? Files.readString(lastStore()).strip() : "";
    return noted.isEmpty() ? Optional.empty() : Optional.of(Path.of(noted));
  }
}
