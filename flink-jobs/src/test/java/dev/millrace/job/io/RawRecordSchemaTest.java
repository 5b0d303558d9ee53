package dev.millrace.job.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.schema.Origin;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.util.ListCollector;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

class RawRecordSchemaTest {

  private final List<RawRecord> read = new ArrayList<>();

  private void read(String topic) {
    new RawRecordSchema("team.samples", new WireFormat.AsItIs())
        .deserialize(
            new ConsumerRecord<>(topic, 2, 17, new byte[] {1}, new byte[] {2}),
            new ListCollector<>(read));
  }

  @Test
  void deserialize_recordOfItsTopic_goesOn() {
    read("team.samples");
    assertEquals(new Origin("team.samples", 2, 17), read.get(0).origin());
  }

  /** Flink reads what its state names beside what it is told to. */
  @Test
  void deserialize_recordOfATopicOfBefore_failsAndNamesBoth() {
    Exception e = assertThrows(IllegalStateException.class, () -> read("millrace.samples"));
    assertEquals(
        "millrace.samples-2@17 was read, expected records of team.samples alone: the state is of a job with another kafka.prefix, which goes on with that one, or begin without it",
        e.getMessage());
    assertEquals(List.of(), read);
  }
}
