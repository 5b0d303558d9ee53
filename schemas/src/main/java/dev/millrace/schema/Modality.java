package dev.millrace.schema;

/** What a sample's payload is. */
public enum Modality {
  TEXT,
  CODE,
  IMAGE,
  AUDIO
}
