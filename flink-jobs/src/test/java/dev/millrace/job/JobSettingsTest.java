package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.KeptCheckpoints;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.state.rocksdb.RocksDBOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JobSettingsTest {

  private static final Map<String, String> WITH_CHECKSUMS =
      Map.of("checkpoint.dir", "file:///tmp/checkpoints");

  @Test
  void apply_clusterNamesNoStateBackend_stateIsWhereTheJobWantsItWithMemoryOfItsOwn() {
    assertEquals("hashmap", backend(applied(Map.of(), WITH_CHECKSUMS, JobSettings.HEAP)));
    ReadableConfig learn = applied(Map.of(), WITH_CHECKSUMS, JobSettings.ROCKSDB);
    assertEquals(KeptCheckpoints.rocksDb(), backend(learn));
    assertEquals(true, learn.get(CheckpointingOptions.INCREMENTAL_CHECKPOINTS));
    assertEquals(MemorySize.ofMebiBytes(32), learn.get(RocksDBOptions.FIX_PER_SLOT_MEMORY_SIZE));
  }

  @ParameterizedTest
  @ValueSource(strings = {"fixed-per-slot=64mb", "fixed-per-tm=256mb", "managed=true"})
  void apply_clusterSaysWhatMemoryRocksDbHas_thatStays(String said) {
    String[] option = ("state.backend.rocksdb.memory." + said).split("=", 2);
    ReadableConfig learn =
        applied(Map.of(option[0], option[1]), WITH_CHECKSUMS, JobSettings.ROCKSDB);
    assertEquals(KeptCheckpoints.rocksDb(), backend(learn));
    MemorySize perSlot = learn.get(RocksDBOptions.FIX_PER_SLOT_MEMORY_SIZE);
    assertEquals(said.startsWith("fixed-per-slot") ? MemorySize.ofMebiBytes(64) : null, perSlot);
  }

  @ParameterizedTest
  @ValueSource(strings = {JobSettings.HEAP, JobSettings.ROCKSDB})
  void apply_clusterNamesOne_stateIsThereWithItsChecksums(String wanted) {
    for (String rocksDb : List.of("rocksdb", "RocksDB")) {
      ReadableConfig job = applied(named(rocksDb), WITH_CHECKSUMS, wanted);
      assertEquals(KeptCheckpoints.rocksDb(), backend(job));
      assertEquals(true, job.get(CheckpointingOptions.INCREMENTAL_CHECKPOINTS));
      assertNull(job.get(RocksDBOptions.FIX_PER_SLOT_MEMORY_SIZE));
    }
    assertEquals("hashmap", backend(applied(named("forst"), WITH_CHECKSUMS, wanted)));
    assertEquals("hashmap", backend(applied(named("hashmap"), WITH_CHECKSUMS, wanted)));
  }

  @Test
  void apply_clusterWantsWholeCheckpoints_rocksDbWritesThem() {
    String incremental = CheckpointingOptions.INCREMENTAL_CHECKPOINTS.key();
    ReadableConfig job = applied(Map.of(incremental, "false"), WITH_CHECKSUMS, JobSettings.ROCKSDB);
    assertEquals(false, job.get(CheckpointingOptions.INCREMENTAL_CHECKPOINTS));
  }

  @Test
  void apply_checkpointsLeftToTheCluster_itsStateBackendStays() {
    assertEquals("rocksdb", backend(applied(named("rocksdb"), Map.of(), JobSettings.HEAP)));
    assertEquals("hashmap", backend(applied(Map.of(), Map.of(), JobSettings.ROCKSDB)));
  }

  /** Whoever cancels it goes on from them. */
  @Test
  void apply_folderOfTheClusterOrTheJob_aCancelledJobsCheckpointsStay() {
    Map<String, String> folder = Map.of("execution.checkpointing.dir", "file:///tmp/checkpoints");
    var kept = ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION;
    assertEquals(kept, retention(applied(folder, Map.of(), JobSettings.HEAP)));
    assertEquals(kept, retention(applied(Map.of(), WITH_CHECKSUMS, JobSettings.HEAP)));
    Map<String, String> deleting = new HashMap<>(folder);
    deleting.put(
        CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION.key(), "DELETE_ON_CANCELLATION");
    assertEquals(
        ExternalizedCheckpointRetention.DELETE_ON_CANCELLATION,
        retention(applied(deleting, Map.of(), JobSettings.HEAP)));
  }

  /** Samples are learned once, and what is restored was read in the order of its domain. */
  @Test
  void apply_clusterWantsAnotherKindOfCheckpoints_theyAreAlignedAndExactlyOnce() {
    Map<String, String> cluster =
        Map.of(
            CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE.key(),
            "AT_LEAST_ONCE",
            CheckpointingOptions.ENABLE_UNALIGNED.key(),
            "true");
    ReadableConfig job = applied(cluster, Map.of(), JobSettings.HEAP);
    assertEquals(
        CheckpointingMode.EXACTLY_ONCE,
        job.get(CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE));
    assertEquals(false, job.get(CheckpointingOptions.ENABLE_UNALIGNED));
  }

  private static ExternalizedCheckpointRetention retention(ReadableConfig job) {
    return job.get(CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION);
  }

  private static Map<String, String> named(String stateBackend) {
    return Map.of(StateBackendOptions.STATE_BACKEND.key(), stateBackend);
  }

  private static String backend(ReadableConfig job) {
    return job.get(StateBackendOptions.STATE_BACKEND);
  }

  private static ReadableConfig applied(
      Map<String, String> cluster, Map<String, String> settings, String wanted) {
    var env = StreamExecutionEnvironment.getExecutionEnvironment(Configuration.fromMap(cluster));
    MillraceConfig config = MillraceConfig.defaults().with(settings);
    JobSettings.apply(config, env, Duration.ZERO, wanted);
    return env.getConfiguration();
  }
}
