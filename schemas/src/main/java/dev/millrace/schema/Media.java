package dev.millrace.schema;

import java.util.Arrays;

/**
 * A picture or a sound that is asked about.
 *
 * @param modality IMAGE or AUDIO
 * @param bytes of its file
 */
public record Media(Modality modality, byte[] bytes) {

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
