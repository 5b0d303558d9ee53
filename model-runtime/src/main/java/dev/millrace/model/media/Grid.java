package dev.millrace.model.media;

import java.awt.image.BufferedImage;

/** A picture averaged into a small square on white ground, its proportions kept. */
final class Grid {

  private static final int SIDE = Picture.SIDE;

  private Grid() {}

  /**
   * The ink of each cell: (3, SIDE, SIDE).
   *
   * @param image perhaps thinned
   * @param width of the original, for its proportions
   */
  static float[] of(BufferedImage image, int width, int height) {
    double scale = (double) SIDE / Math.max(width, height);
    int columns = Math.max(1, (int) Math.round(width * scale));
    int rows = Math.max(1, (int) Math.round(height * scale));
    int left = (SIDE - columns) / 2;
    int top = (SIDE - rows) / 2;
    float[] ink = new float[Picture.CHANNELS * SIDE * SIDE];
    int[] argb = image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        Span x = Span.of(column, columns, image.getWidth());
        Span y = Span.of(row, rows, image.getHeight());
        average(argb, image.getWidth(), x, y, ink, (top + row) * SIDE + left + column);
      }
    }
    return ink;
  }

  /** The pixels that a cell covers, at least one. */
  private record Span(int from, int to) {
    static Span of(int cell, int cells, int pixels) {
      int from = (int) ((long) cell * pixels / cells);
      return new Span(from, Math.max(from + 1, (int) ((cell + 1L) * pixels / cells)));
    }
  }

  private static void average(int[] argb, int width, Span x, Span y, float[] ink, int cell) {
    long[] sums = new long[Picture.CHANNELS];
    for (int row = y.from; row < y.to; row++) {
      for (int column = x.from; column < x.to; column++) {
        int pixel = argb[row * width + column];
        int alpha = pixel >>> 24;
        for (int c = 0; c < sums.length; c++) {
          sums[c] += (long) alpha * (255 - ((pixel >>> (8 * (2 - c))) & 0xff));
        }
      }
    }
    float most = 255f * 255f * (x.to - x.from) * (y.to - y.from);
    for (int c = 0; c < sums.length; c++) {
      ink[c * SIDE * SIDE + cell] = sums[c] / most;
    }
  }
}
