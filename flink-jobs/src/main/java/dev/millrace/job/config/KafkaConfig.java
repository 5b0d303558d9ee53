package dev.millrace.job.config;

import java.io.Serializable;
import java.util.Map;

/**
 * How Kafka is reached.
 *
 * @param bootstrap {@code host:port,…}
 * @param prefix what every topic's name begins with; a job's state is of its topics, and does not
 *     go over to others
 * @param guarantee how answers are delivered; whatever it is, releases come exactly once
 * @param transactionTimeoutMillis at least twice checkpoint.intervalMillis; must stay under the
 *     broker's {@code transaction.max.timeout.ms}. After a longer outage what was not committed
 *     before it is lost
 * @param discoveryMillis how often new partitions are looked for; 0 is never
 * @param registry URL of a schema registry with Confluent's API; empty is none, and values are
 *     Avro's single-object encoding
 * @param client properties handed to every Kafka client as they are; not those that have a key of
 *     their own, nor those by which jobs read and write, as {@code group.id}
 */
public record KafkaConfig(
    String bootstrap,
    String prefix,
    Guarantee guarantee,
    int transactionTimeoutMillis,
    long discoveryMillis,
    String registry,
    Map<String, String> client)
    implements Serializable {

  public KafkaConfig {
    client = Map.copyOf(client);
  }

  static KafkaConfig defaults() {
    return new KafkaConfig(
        "127.0.0.1:9092", "millrace.", Guarantee.EXACTLY_ONCE, 600_000, 0, "", Map.of());
  }

  /** How often a record may arrive. */
  public enum Guarantee {
    EXACTLY_ONCE,
    AT_LEAST_ONCE
  }
}
