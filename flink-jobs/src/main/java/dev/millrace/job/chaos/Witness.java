package dev.millrace.job.chaos;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordReader;
import dev.millrace.schema.Origin;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/** Notes when each record of some topics became visible to a reader of committed records. */
final class Witness implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofMillis(50);

  private final Map<Origin, Long> seen = new ConcurrentHashMap<>();
  private final Thread thread;
  private volatile boolean closing;

  Witness(KafkaConfig config, List<String> topics, InstantSource clock) {
    thread = new Thread(() -> watch(config, topics, clock), "millrace-witness");
    thread.start();
  }

  private void watch(KafkaConfig config, List<String> topics, InstantSource clock) {
    try (RecordReader reader = RecordReader.fromBeginning(config, topics)) {
      while (!closing) {
        for (RawRecord raw : reader.poll(PATIENCE)) {
          seen.put(raw.origin(), clock.millis());
        }
      }
    }
  }

  /** By the place of each record of a topic when it was seen, epoch milliseconds. */
  Map<Origin, Long> seen(String topic) {
    return seen.entrySet().stream()
        .filter(record -> record.getKey().topic().equals(topic))
        .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  /** How many records of a topic were seen. */
  long count(String topic) {
    return seen.keySet().stream().filter(origin -> origin.topic().equals(topic)).count();
  }

  @Override
  public void close() {
    closing = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
