package dev.millrace.job.chaos;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.io.ReadingThread;
import dev.millrace.schema.Origin;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * Notes when each record of some topics became visible to a reader of committed records. Whoever
 * asks after it could not read them is told so by an {@link IllegalStateException}.
 */
final class Witness implements AutoCloseable {

  private final Map<Origin, Long> seen = new ConcurrentHashMap<>();
  private final ReadingThread thread;

  Witness(KafkaConfig config, List<String> topics, InstantSource clock) {
    thread =
        ReadingThread.start(
            "millrace-witness",
            config,
            topics,
            raw -> seen.put(raw.origin(), clock.millis()),
            () -> {});
  }

  /** By the place of each record of a topic when it was seen, epoch milliseconds. */
  Map<Origin, Long> seen(String topic) {
    thread.requireAlive();
    return seen.entrySet().stream()
        .filter(record -> record.getKey().topic().equals(topic))
        .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  /** How many records of a topic were seen. */
  long count(String topic) {
    thread.requireAlive();
    return seen.keySet().stream().filter(origin -> origin.topic().equals(topic)).count();
  }

  @Override
  public void close() {
    thread.close();
  }
}
