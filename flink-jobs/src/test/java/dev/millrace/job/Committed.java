package dev.millrace.job;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What a reader of committed records finds on a topic, from its beginning. */
final class Committed implements AutoCloseable {

  private final RecordReader reader;
  private final List<RawRecord> records = new ArrayList<>();
  private final String topic;

  Committed(KafkaConfig kafka, String topic) {
    this.topic = topic;
    this.reader = RecordReader.fromBeginning(kafka, List.of(topic));
  }

  /** Waits until there are so many records at least, and returns all that came. */
  List<RawRecord> await(int count, Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    while (records.size() < count) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError(
            "%s has %d records after %s, expected %d"
                .formatted(topic, records.size(), limit, count));
      }
      records.addAll(reader.poll(Duration.ofMillis(100)));
    }
    return all();
  }

  /** Everything up to the end that the topic has now. */
  List<RawRecord> all() {
    reader.readToEnd(records::add);
    return List.copyOf(records);
  }

  @Override
  public void close() {
    reader.close();
  }
}
