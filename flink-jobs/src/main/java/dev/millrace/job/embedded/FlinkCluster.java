package dev.millrace.job.embedded;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import org.apache.flink.configuration.BlobServerOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.HeartbeatManagerOptions;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.configuration.WebOptions;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;

/** Flink in this process, listening on loopback. */
record FlinkCluster(MiniCluster cluster) implements AutoCloseable {

  private static final String LOOPBACK = "127.0.0.1";

  /** All that beats is in one process: one that was stopped for a while would only lose itself. */
  private static final Duration NEVER = Duration.ofDays(1);

  static FlinkCluster start(Path directory, int taskManagers, int slots, Configuration extra) {
    Configuration configuration = configuration(directory.toString());
    configuration.addAll(extra);
    MiniCluster cluster =
        new MiniCluster(
            new MiniClusterConfiguration.Builder()
                .setConfiguration(configuration)
                .setNumTaskManagers(taskManagers)
                .setNumSlotsPerTaskManager(slots)
                .setCommonBindAddress(LOOPBACK)
                .build());
    try {
      cluster.start();
    } catch (Exception e) {
      cluster.closeAsync().join();
      throw new IllegalStateException("the Flink cluster did not start", e);
    }
    return new FlinkCluster(cluster);
  }

  @Override
  public void close() {
    try {
      cluster.closeAsync().get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("the Flink cluster did not stop cleanly", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Configuration configuration(String directory) {
    Configuration c = new Configuration();
    c.set(CoreOptions.TMP_DIRS, directory);
    c.set(WebOptions.TMP_DIR, directory);
    c.set(BlobServerOptions.STORAGE_DIRECTORY, directory);
    c.set(CoreOptions.CHECK_LEAKED_CLASSLOADER, false);
    c.set(HeartbeatManagerOptions.HEARTBEAT_TIMEOUT, NEVER);
    c.set(RestOptions.ADDRESS, LOOPBACK);
    c.set(RestOptions.BIND_ADDRESS, LOOPBACK);
    c.set(RestOptions.BIND_PORT, "0");
    c.set(JobManagerOptions.BIND_HOST, LOOPBACK);
    c.set(TaskManagerOptions.HOST, LOOPBACK);
    c.set(TaskManagerOptions.BIND_HOST, LOOPBACK);
    c.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(64));
    c.set(TaskManagerOptions.NETWORK_MEMORY_MIN, MemorySize.ofMebiBytes(64));
    c.set(TaskManagerOptions.NETWORK_MEMORY_MAX, MemorySize.ofMebiBytes(64));
    return c;
  }
}
