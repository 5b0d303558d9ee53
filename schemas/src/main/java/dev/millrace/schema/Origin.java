package dev.millrace.schema;

/** Where a record was read: its coordinates on a Kafka topic. */
public record Origin(String topic, int partition, long offset) {}
