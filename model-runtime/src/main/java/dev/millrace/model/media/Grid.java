package dev.millrace.model.media;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.util.List;

/** A picture averaged into a small square on white ground, its proportions kept. */
final class Grid {

  private static final int SIDE = Picture.SIDE;
  private static final int ALPHA = 0xff000000;

  private Grid() {}

  /**
   * The ink of each cell: (3, SIDE, SIDE).
   *
   * @param image perhaps thinned
   * @param orientation of Exif, 1 to 8: how the image is to be turned
   * @param width of the original as it is then, for its proportions
   */
  static float[] of(BufferedImage image, int orientation, int width, int height) {
    double scale = (double) SIDE / Math.max(width, height);
    int columns = Math.max(1, (int) Math.round(width * scale));
    int rows = Math.max(1, (int) Math.round(height * scale));
    int left = (SIDE - columns) / 2;
    int top = (SIDE - rows) / 2;
    float[] ink = new float[Picture.CHANNELS * SIDE * SIDE];
    Pixels pixels = Pixels.of(image).turned(orientation);
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        Span x = Span.of(column, columns, pixels.width);
        Span y = Span.of(row, rows, pixels.height);
        average(pixels.argb, pixels.width, x, y, ink, (top + row) * SIDE + left + column);
      }
    }
    return ink;
  }

  /**
   * What is averaged.
   *
   * @param argb (height, width)
   */
  private record Pixels(int[] argb, int width, int height) {

    /** Java takes grey for light, in equal steps, which it is in no file: it is as it stands. */
    static Pixels of(BufferedImage image) {
      int width = image.getWidth();
      int height = image.getHeight();
      int[] argb = image.getRGB(0, 0, width, height, null, 0, width);
      if (image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_GRAY) {
        int[] grey = image.getRaster().getSamples(0, 0, width, height, 0, (int[]) null);
        int beyondByte = image.getSampleModel().getSampleSize(0) - Byte.SIZE;
        for (int i = 0; i < argb.length; i++) {
          argb[i] = (argb[i] & ALPHA) | (grey[i] >> beyondByte) * 0x010101;
        }
      }
      return new Pixels(argb, width, height);
    }

    /** As Exif has it: 2, 3, 7 and 8 begin at the right of what is stored, 3, 4, 6 and 7 below. */
    Pixels turned(int orientation) {
      if (orientation == Orientation.UPRIGHT) {
        return this;
      }
      boolean across = orientation >= Orientation.ACROSS;
      boolean right = List.of(2, 3, 7, 8).contains(orientation);
      boolean below = List.of(3, 4, 6, 7).contains(orientation);
      int[] turned = new int[argb.length];
      int columns = across ? height : width;
      for (int i = 0; i < turned.length; i++) {
        int x = across ? i / columns : i % columns;
        int y = across ? i % columns : i / columns;
        turned[i] = argb[(below ? height - 1 - y : y) * width + (right ? width - 1 - x : x)];
      }
      return new Pixels(turned, columns, across ? width : height);
    }
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
