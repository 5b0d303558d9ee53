package dev.millrace.model.media;

/**
 * A picture as an encoder sees it.
 *
 * @param width of the original as it is to be shown, pixels
 * @param height of the original as it is to be shown, pixels
 * @param ink (3, SIDE, SIDE): 1 − red, green and blue on white, 0..1; the whole picture fits, its
 *     longer side fills the square
 */
public record Picture(int width, int height, float[] ink) {

  public static final int CHANNELS = 3;
  public static final int SIDE = 32;
}
