package dev.millrace.schema;

import java.util.Arrays;

/**
 * A picture or a sound that is asked about; EMBED also takes a text so.
 *
 * @param bytes of its file; of a text, in UTF-8
 */
public record Media(Modality modality, byte[] bytes) {

  /** Whether it is neither a picture nor a sound. */
  public boolean isText() {
    return !modality.isMedia();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Media media
        && modality == media.modality
        && Arrays.equals(bytes, media.bytes);
  }

  @Override
  public int hashCode() {
    return 31 * modality.name().hashCode() + Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return modality + " of " + bytes.length + " bytes";
  }
}
