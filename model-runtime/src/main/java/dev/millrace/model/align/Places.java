package dev.millrace.model.align;

/**
 * Where the encoders see a picture or a sound, and its caption; unit vectors.
 *
 * @param media (DIMENSION); empty for text
 * @param caption (DIMENSION); empty for text
 */
public record Places(float[] media, float[] caption) {

  /** Of texts, which have none. */
  public static final Places NONE = new Places(new float[0], new float[0]);

  public boolean isNone() {
    return media.length == 0;
  }

  /** Whether all of it is numbers. */
  public boolean isFinite() {
    return isFinite(media) && isFinite(caption);
  }

  private static boolean isFinite(float[] place) {
    for (float value : place) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }
}
