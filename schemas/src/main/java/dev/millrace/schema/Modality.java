package dev.millrace.schema;

/** What a sample's payload is. */
public enum Modality {
  TEXT,
  CODE,
  IMAGE,
  AUDIO;

  /** Whether it is a picture or a sound. */
  public boolean isMedia() {
    return this == IMAGE || this == AUDIO;
  }
}
