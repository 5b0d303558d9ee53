package dev.millrace.schema;

import java.util.Comparator;

/** Where a record was read: its coordinates on a Kafka topic. */
public record Origin(String topic, int partition, long offset) {

  /** Of a record that is on no topic yet. */
  public static final Origin UNWRITTEN = new Origin("", 0, -1);

  /** Of what comes from no topic. */
  public static final Origin NOWHERE = new Origin("", -1, -1);

  /** By topic, partition and offset. */
  public static final Comparator<Origin> ORDER =
      Comparator.comparing(Origin::topic)
          .thenComparingInt(Origin::partition)
          .thenComparingLong(Origin::offset);

  /** As people read it, {@code topic-partition@offset}. */
  @Override
  public String toString() {
    return topic + "-" + partition + "@" + offset;
  }
}
