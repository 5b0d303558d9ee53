package dev.millrace.job.embedded;

import static org.apache.kafka.common.config.TopicConfig.CLEANUP_POLICY_COMPACT;
import static org.apache.kafka.common.config.TopicConfig.CLEANUP_POLICY_CONFIG;
import static org.apache.kafka.common.config.TopicConfig.MIN_CLEANABLE_DIRTY_RATIO_CONFIG;
import static org.apache.kafka.common.config.TopicConfig.SEGMENT_MS_CONFIG;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.KafkaConfigs;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a job that was away finds on the topic of releases. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class CompactionIT {

  private static final String OTHER = "other";

  /** The second names one release, the first also what is to be forgotten. */
  @Test
  void compaction_anotherOrderOfTheDomainFollowed_theFirstStandsStill(@TempDir Path folder)
      throws Exception {
    List<Integer> ports = FreePorts.find(2);
    try (KafkaBroker broker =
        KafkaBroker.start(
            folder, ports.get(0), ports.get(1), null, Map.of("log.cleaner.backoff.ms", "100"))) {
      String bootstrap = broker.bootstrapServers();
      KafkaConfig config = KafkaConfigs.of(bootstrap);
      String releases = Topics.create(config, 1).releases();
      try (Admin admin = Admin.create(Map.<String, Object>of("bootstrap.servers", bootstrap));
          RecordWriter writer = new RecordWriter(config)) {
        NewTopic other = new NewTopic(OTHER, Optional.of(1), Optional.empty());
        admin
            .createTopics(
                List.of(other.configs(Map.of(CLEANUP_POLICY_CONFIG, CLEANUP_POLICY_COMPACT))))
            .all()
            .get();
        compactSoon(admin, releases);
        compactSoon(admin, OTHER);
        for (int i = 0; i < 2; i++) {
          append(writer, releases, "domain");
        }
        for (int i = 0; i < 2; i++) {
          awaitCompaction(writer, config);
        }
      }
      assertEquals(List.of(0L, 1L), offsets(config, releases).subList(0, 2));
    }
  }

  private static void compactSoon(Admin admin, String topic) throws Exception {
    Map<String, String> soon =
        Map.of(SEGMENT_MS_CONFIG, "100", MIN_CLEANABLE_DIRTY_RATIO_CONFIG, "0");
    List<AlterConfigOp> changes =
        soon.entrySet().stream()
            .map(e -> new ConfigEntry(e.getKey(), e.getValue()))
            .map(entry -> new AlterConfigOp(entry, AlterConfigOp.OpType.SET))
            .toList();
    ConfigResource named = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    admin.incrementalAlterConfigs(Map.of(named, changes)).all().get();
  }

  /** Writes to both until the broker has compacted the one on which nothing stands. */
  private static void awaitCompaction(RecordWriter writer, KafkaConfig config) {
    long first = append(writer, OTHER, "domain");
    while (offsets(config, OTHER).contains(first)) {
      append(writer, OTHER, "domain");
      append(writer, config.prefix() + "releases", "another");
    }
  }

  private static long append(RecordWriter writer, String topic, String key) {
    return writer.append(topic, key, new byte[] {1}).join().offset();
  }

  private static List<Long> offsets(KafkaConfig config, String topic) {
    try (RecordReader reader = RecordReader.fromBeginning(config, List.of(topic))) {
      return reader.readToEnd().stream()
          .map(RawRecord::origin)
          .map(origin -> origin.offset())
          .toList();
    }
  }
}
