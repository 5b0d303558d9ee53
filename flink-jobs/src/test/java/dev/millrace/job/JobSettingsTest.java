package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.config.MillraceConfig;
import java.time.Duration;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;

class JobSettingsTest {

  @Test
  void apply_checkpointsWithChecksumsOnAClusterOfRocksDb_stateIsOnTheHeap() {
    assertEquals("hashmap", backend(Map.of("checkpoint.dir", "file:///tmp/checkpoints")));
  }

  @Test
  void apply_checkpointsLeftToTheCluster_itsStateBackendStays() {
    assertEquals("rocksdb", backend(Map.of()));
  }

  private static String backend(Map<String, String> settings) {
    Configuration cluster = new Configuration();
    cluster.set(StateBackendOptions.STATE_BACKEND, "rocksdb");
    var env = StreamExecutionEnvironment.getExecutionEnvironment(cluster);
    JobSettings.apply(MillraceConfig.defaults().with(settings), env, Duration.ZERO);
    return env.getConfiguration().get(StateBackendOptions.STATE_BACKEND);
  }
}
