package dev.millrace.job.chaos;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.ReadingThread;
import dev.millrace.schema.Origin;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Notes when each record of some topics became visible to a reader of committed records. Whoever
 * asks after it could not read them is told so by an {@link IllegalStateException}.
 */
final class Witness implements AutoCloseable {

  private record Seen(long millis, @Nullable String key) {}

  private final Map<Origin, Seen> seen = new ConcurrentHashMap<>();
  private final ReadingThread thread;

  Witness(KafkaConfig config, List<String> topics, InstantSource clock) {
    thread =
        ReadingThread.start(
            "millrace-witness",
            config,
            topics,
            raw -> seen.put(raw.origin(), new Seen(clock.millis(), key(raw))),
            () -> {});
  }

  private static @Nullable String key(RawRecord raw) {
    byte[] key = raw.key();
    return key == null ? null : new String(key, StandardCharsets.UTF_8);
  }

  /** By the place of each record of a topic when it was seen, epoch milliseconds. */
  Map<Origin, Long> seen(String topic) {
    thread.requireAlive();
    return seen.entrySet().stream()
        .filter(record -> record.getKey().topic().equals(topic))
        .collect(
            Collectors.toUnmodifiableMap(Map.Entry::getKey, record -> record.getValue().millis()));
  }

  /** How many records of a topic were seen. */
  long count(String topic) {
    thread.requireAlive();
    return seen.keySet().stream().filter(origin -> origin.topic().equals(topic)).count();
  }

  /** How many records of a topic were seen under a key. */
  long count(String topic, String key) {
    thread.requireAlive();
    return seen.entrySet().stream()
        .filter(record -> record.getKey().topic().equals(topic))
        .filter(record -> key.equals(record.getValue().key()))
        .count();
  }

  @Override
  public void close() {
    thread.close();
  }
}
