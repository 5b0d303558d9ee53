package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.KeptCheckpoints;
import java.time.Duration;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;

class JobSettingsTest {

  private static final Map<String, String> WITH_CHECKSUMS =
      Map.of("checkpoint.dir", "file:///tmp/checkpoints");

  @Test
  void apply_checkpointsWithChecksums_stateIsInRocksDbWhereTheClusterSaysSoElseOnTheHeap() {
    assertEquals(KeptCheckpoints.rocksDb(), backend("rocksdb", WITH_CHECKSUMS));
    assertEquals(KeptCheckpoints.rocksDb(), backend("RocksDB", WITH_CHECKSUMS));
    assertEquals("hashmap", backend("forst", WITH_CHECKSUMS));
    assertEquals("hashmap", backend("hashmap", WITH_CHECKSUMS));
  }

  @Test
  void apply_checkpointsLeftToTheCluster_itsStateBackendStays() {
    assertEquals("rocksdb", backend("rocksdb", Map.of()));
  }

  private static String backend(String clusters, Map<String, String> settings) {
    Configuration cluster = new Configuration();
    cluster.set(StateBackendOptions.STATE_BACKEND, clusters);
    var env = StreamExecutionEnvironment.getExecutionEnvironment(cluster);
    JobSettings.apply(MillraceConfig.defaults().with(settings), env, Duration.ZERO);
    return env.getConfiguration().get(StateBackendOptions.STATE_BACKEND);
  }
}
