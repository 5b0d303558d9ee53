package dev.millrace.job.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A cluster of one process, which has ended. */
public final class EndedCluster {

  /** No such process. */
  private static final long NOBODY = 1L << 40;

  private EndedCluster() {}

  /**
   * One in a folder.
   *
   * @param command that starts its process again
   */
  public static LocalCluster in(Path folder, List<String> command) throws IOException {
    LocalCluster cluster = new LocalCluster(folder.resolve("build"), folder.resolve("cluster"));
    Files.createDirectories(cluster.home());
    ClusterProcess ended = new ClusterProcess("redis", NOBODY, "0", "", command);
    new ClusterState(
            "127.0.0.1:1", "redis://127.0.0.1:2", "http://127.0.0.1:3", List.of(ended), true)
        .write(cluster.home().resolve("cluster.properties"));
    return cluster;
  }
}
