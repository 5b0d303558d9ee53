package dev.millrace.model.media;

/**
 * A sound as an encoder sees it.
 *
 * @param millis how long the original lasts
 * @param mel (BANDS, FRAMES): the log-mel spectrum of its beginning, mean 0 and deviation 1; 0
 *     where it has ended
 */
public record Sound(long millis, float[] mel) {

  public static final int BANDS = 40;
  public static final int FRAMES = 240;
}
