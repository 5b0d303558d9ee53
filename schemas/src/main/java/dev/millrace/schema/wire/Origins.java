package dev.millrace.schema.wire;

import dev.millrace.schema.Origin;

/** Origins that stand inside a value. */
final class Origins {

  private Origins() {}

  static dev.millrace.schema.avro.Origin toAvro(Origin origin) {
    return dev.millrace.schema.avro.Origin.newBuilder()
        .setTopic(origin.topic())
        .setPartition(origin.partition())
        .setOffset(origin.offset())
        .build();
  }

  static Origin fromAvro(dev.millrace.schema.avro.Origin value) {
    return new Origin(
        Shortened.of(value.getTopic(), Limits.ID_BYTES), value.getPartition(), value.getOffset());
  }
}
