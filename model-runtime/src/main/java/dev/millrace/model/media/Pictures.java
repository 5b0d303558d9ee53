package dev.millrace.model.media;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.concurrent.atomic.AtomicReference;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads PNG and JPEG. What a file declares is checked before anything is decoded, and what is
 * decoded is thinned while it is read: memory is bounded by {@link #MAX_PIXELS}, not by the file.
 */
public final class Pictures {

  /** As many as a phone's camera takes. */
  public static final int MAX_PIXELS = 12_582_912;

  /** As many as a JPEG can have: a decoder holds whole rows in memory. */
  private static final int MAX_SIDE = 65_535;

  /** Pixels of all scans of a progressive JPEG together; encoders make some ten. */
  private static final long MAX_SCANNED = 20L * MAX_PIXELS;

  /** Of a side twice as long or longer every n-th pixel is read, so many to twice as many. */
  private static final int READ_SIDE = 256;

  private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  private static final byte[] JPEG = {(byte) 0xff, (byte) 0xd8, (byte) 0xff};

  private Pictures() {}

  /**
   * Reads a picture.
   *
   * @throws InvalidMediaException if it is no PNG or JPEG, is damaged, or has too many pixels or
   *     goes over them too often
   */
  public static Picture read(byte[] file) throws InvalidMediaException {
    // Comments and profiles may inflate to any size: they are passed over.
    byte[] bytes = startsWith(file, PNG) ? PngChunks.drawn(file) : file;
    ImageReader reader = reader(bytes);
    try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
      reader.setInput(in, true, true);
      int width = reader.getWidth(0);
      int height = reader.getHeight(0);
      requireSize(width, height);
      requireScans(bytes, (long) width * height);
      BufferedImage image = thinned(reader, width, height);
      int orientation = startsWith(bytes, JPEG) ? Orientation.of(bytes) : Orientation.UPRIGHT;
      boolean across = orientation >= Orientation.ACROSS;
      int shownWidth = across ? height : width;
      int shownHeight = across ? width : height;
      return new Picture(
          shownWidth, shownHeight, Grid.of(image, orientation, shownWidth, shownHeight));
    } catch (IOException | RuntimeException e) {
      throw InvalidMediaException.broken("picture cannot be decoded: " + e.getMessage());
    } finally {
      reader.dispose();
    }
  }

  private static ImageReader reader(byte[] bytes) throws InvalidMediaException {
    if (startsWith(bytes, PNG)) {
      return named("png");
    }
    if (startsWith(bytes, JPEG)) {
      requireEnd(bytes);
      return named("jpeg");
    }
    throw InvalidMediaException.unknown("picture is neither PNG nor JPEG by its first bytes");
  }

  private static boolean startsWith(byte[] bytes, byte[] magic) {
    return bytes.length >= magic.length
        && Arrays.equals(bytes, 0, magic.length, magic, 0, magic.length);
  }

  private static ImageReader named(String format) {
    Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format);
    if (!readers.hasNext()) {
      throw new IllegalStateException("this Java reads no " + format + ", expected java.desktop");
    }
    return readers.next();
  }

  /** A decoder fills up what is missing and says nothing: the marker of the end must be there. */
  private static void requireEnd(byte[] jpeg) throws InvalidMediaException {
    for (int i = jpeg.length - 2; i >= JPEG.length; i--) {
      if (jpeg[i] == (byte) 0xff && jpeg[i + 1] == (byte) 0xd9) {
        return;
      }
    }
    throw InvalidMediaException.broken("JPEG of " + jpeg.length + " bytes has no end marker");
  }

  private static void requireSize(int width, int height) throws InvalidMediaException {
    if ((long) width * height > MAX_PIXELS || Math.max(width, height) > MAX_SIDE) {
      throw InvalidMediaException.tooLarge(
          "picture has %d × %d pixels, expected at most %,d, and %,d a side"
              .formatted(width, height, MAX_PIXELS, MAX_SIDE));
    }
  }

  private static void requireScans(byte[] bytes, long pixels) throws InvalidMediaException {
    int scans = startsWith(bytes, JPEG) ? JpegScans.count(bytes) : 1;
    if (scans == 0) { // tables alone: a decoder goes on to the picture behind their end
      throw InvalidMediaException.broken("JPEG has no scan before its first end marker");
    }
    if (scans * pixels > MAX_SCANNED) {
      throw InvalidMediaException.tooLarge(
          "JPEG goes over %,d pixels %d times, expected at most %,d in all"
              .formatted(pixels, scans, MAX_SCANNED));
    }
  }

  /** What a decoder gives in the colours of screens, grey too if it can; null if it has none. */
  private static @Nullable ImageTypeSpecifier colours(ImageReader reader) throws IOException {
    for (Iterator<ImageTypeSpecifier> types = reader.getImageTypes(0); types.hasNext(); ) {
      ImageTypeSpecifier type = types.next();
      if (type.getColorModel().getColorSpace().isCS_sRGB()) {
        return type;
      }
    }
    return null;
  }

  private static BufferedImage thinned(ImageReader reader, int width, int height)
      throws IOException, InvalidMediaException {
    int step = Math.max(1, Math.max(width, height) / READ_SIDE);
    ImageReadParam param = reader.getDefaultReadParam();
    param.setSourceSubsampling(Math.min(step, width), Math.min(step, height), 0, 0);
    param.setDestinationType(colours(reader));
    AtomicReference<@Nullable String> damage = new AtomicReference<>();
    reader.addIIOReadWarningListener(
        (source, warning) -> {
          if (warning.startsWith("Corrupt") || warning.startsWith("Premature")) {
            damage.set(warning);
          }
        });
    BufferedImage image = reader.read(0, param);
    if (damage.get() != null) {
      throw InvalidMediaException.broken("picture is damaged: " + damage.get());
    }
    return image;
  }
}
