package dev.millrace.model.media;

import static java.awt.image.BufferedImage.TYPE_BYTE_GRAY;
import static java.awt.image.BufferedImage.TYPE_INT_RGB;
import static java.awt.image.BufferedImage.TYPE_USHORT_GRAY;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.millrace.model.media.InvalidMediaException.Kind;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PicturesTest {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final long MOST = 16L << 20;

  @ParameterizedTest
  @ValueSource(strings = {"png", "jpeg"})
  void read_halfBlackPicture_hasInkWhereItIsBlack(String format) throws Exception {
    Picture picture = Pictures.read(MediaFiles.halfBlack(format, 640, 480));
    assertEquals(640, picture.width());
    assertEquals(480, picture.height());
    assertEquals(1, ink(picture, 0, 16, 4), 0.02);
    assertEquals(1, ink(picture, 2, 16, 4), 0.02);
    assertEquals(0, ink(picture, 1, 16, 28), 0.02);
    assertEquals(0, ink(picture, 1, 1, 4), 0.02, "above the picture there is ground");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 31, 33, 257, 3000})
  void read_everySize_fillsTheSquare(int side) throws Exception {
    Picture picture = Pictures.read(MediaFiles.halfBlack("png", side, Math.max(1, side / 3)));
    assertEquals(3 * 32 * 32, picture.ink().length);
    for (float ink : picture.ink()) {
      assertTrue(ink >= 0 && ink <= 1, "ink " + ink);
    }
  }

  @Test
  void read_transparentPixels_areGround() throws Exception {
    byte[] header = {0, 0, 0, 8, 0, 0, 0, 8, 8, 4, 0, 0, 0};
    byte[] png = MediaFiles.png(8, 8, 8 * 17);
    System.arraycopy(MediaFiles.chunk("IHDR", header), 0, png, 8, 25);
    Picture picture = Pictures.read(png);
    assertEquals(0, ink(picture, 0, 16, 16), "black, but transparent");
  }

  /** One picture, in grey and in colours, and with an alpha of its own. */
  @Test
  void read_greyPicture_isThatOfEqualColours() throws Exception {
    for (int grey : new int[] {0, 1, 64, 128, 200, 255}) {
      float ink = ink(Pictures.read(MediaFiles.plain("png", TYPE_INT_RGB, grey)), 1, 16, 16);
      assertEquals(1 - grey / 255f, ink, 1e-6);
      for (String format : new String[] {"png", "jpeg"}) {
        assertEquals(
            ink,
            ink(Pictures.read(MediaFiles.plain(format, TYPE_BYTE_GRAY, grey)), 1, 16, 16),
            1e-6,
            format + " of " + grey);
      }
      assertEquals(
          ink,
          ink(Pictures.read(MediaFiles.plain("png", TYPE_USHORT_GRAY, 257 * grey)), 1, 16, 16),
          1e-6);
    }
    byte[] half = MediaFiles.greyAlpha(100, 51);
    assertEquals((1 - 100 / 255f) * 51 / 255, ink(Pictures.read(half), 2, 16, 16), 1e-6);
  }

  /** Where Exif's orientations put the corner that is stored first, which is black. */
  @ParameterizedTest
  @CsvSource({"1,7,7", "2,7,24", "3,24,24", "4,24,7", "5,7,7", "6,7,24", "7,24,24", "8,24,7"})
  void read_turnedJpeg_isSeenAsItIsShown(int orientation, int row, int column) throws Exception {
    byte[] jpeg = MediaFiles.cornerBlack("jpeg", 64, 48);
    for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
      Picture picture = Pictures.read(MediaFiles.exif(jpeg, order, orientation));
      assertEquals(orientation > 4 ? 48 : 64, picture.width());
      assertEquals(orientation > 4 ? 64 : 48, picture.height());
      for (int r : new int[] {7, 24}) {
        for (int c : new int[] {7, 24}) {
          assertEquals(r == row && c == column ? 1 : 0, ink(picture, 0, r, c), 0.02);
        }
      }
    }
  }

  @Test
  void read_exifThatSaysNothing_isUprightOrRefused() throws Exception {
    byte[] jpeg = MediaFiles.halfBlack("jpeg", 64, 48);
    for (int orientation : new int[] {0, 9, -1}) {
      byte[] exif = MediaFiles.exif(jpeg, ByteOrder.BIG_ENDIAN, orientation);
      assertEquals(64, Pictures.read(exif).width());
    }
    byte[] exif = MediaFiles.exif(jpeg, ByteOrder.LITTLE_ENDIAN, 6);
    for (int at = 4; at < 46; at++) { // its length, its offset, its count, its tag
      for (int bit = 0; bit < Byte.SIZE; bit++) {
        byte[] changed = exif.clone();
        changed[at] ^= (byte) (1 << bit);
        bounded(() -> readOrRefused(changed), MOST);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "jpeg"})
  void read_truncatedAtEveryPlace_isBroken(String format) {
    byte[] whole = MediaFiles.halfBlack(format, 40, 30);
    for (int length = 3; length < whole.length; length++) {
      byte[] part = Arrays.copyOf(whole, length);
      Kind kind = refused(part).kind();
      assertEquals(length < 8 && format.equals("png") ? Kind.UNKNOWN : Kind.BROKEN, kind);
    }
  }

  @Test
  void read_hundredMegapixels_isTooLargeBeforeAnythingIsDecoded() {
    byte[] png = MediaFiles.png(10_000, 10_000, 10_000L * 10_001);
    assertTrue(png.length < 200_000, "a bomb is small: " + png.length);
    InvalidMediaException refused = bounded(() -> refused(png), 1 << 20);
    assertEquals(Kind.TOO_LARGE, refused.kind());
    assertTrue(refused.getMessage().contains("10000 × 10000"), refused.getMessage());
  }

  @Test
  void read_allPixelsInOneRow_isTooLargeBeforeAnythingIsDecoded() {
    byte[] png = MediaFiles.png(Pictures.MAX_PIXELS, 1, Pictures.MAX_PIXELS + 1L);
    InvalidMediaException refused = bounded(() -> refused(png), 1 << 20);
    assertEquals(Kind.TOO_LARGE, refused.kind());
    assertTrue(refused.getMessage().contains("12582912 × 1 "), refused.getMessage());
  }

  @Test
  void read_jpegOfThousandsOfScans_isTooLarge() {
    InvalidMediaException refused = refused(MediaFiles.progressive(1_000, 5_000));
    assertEquals(Kind.TOO_LARGE, refused.kind());
    assertTrue(refused.getMessage().contains("5005 times"), refused.getMessage());
  }

  /** A decoder that has lost a restart reads what seems to be a reserved marker's segment. */
  @Test
  void read_jpegWhoseScansStandBehindAReservedMarker_isTooLarge() {
    byte[] scans = MediaFiles.progressive(1_000, 5_000);
    int first = scans.length;
    while (scans[--first] != (byte) 0xff || scans[first + 1] != (byte) 0xc4) {} // the last table
    for (int marker : new int[] {0x01, 0x02, 0xbf}) {
      ByteBuffer hidden = ByteBuffer.allocate(scans.length + 4);
      hidden.put(scans, 0, first).put((byte) 0xff).put((byte) marker).putShort((short) 0xffff);
      hidden.put(scans, first, scans.length - first);
      InvalidMediaException refused = refused(hidden.array());
      assertEquals(Kind.TOO_LARGE, refused.kind(), Integer.toHexString(marker));
      assertTrue(refused.getMessage().contains("5005 times"), refused.getMessage());
    }
  }

  /** A decoder takes what stands before that marker for tables, and goes on behind it. */
  @Test
  void read_jpegWhoseScansStandBehindAnEndMarker_isBroken() {
    byte[] scans = MediaFiles.progressive(1_000, 5_000);
    ByteBuffer hidden = ByteBuffer.allocate(scans.length + 4).putInt(0xffd8ffd9).put(scans);
    InvalidMediaException refused = refused(hidden.array());
    assertEquals(Kind.BROKEN, refused.kind());
    assertTrue(refused.getMessage().contains("no scan"), refused.getMessage());
  }

  @Test
  void read_progressiveJpeg_isReadWhateverItsCommentSays() throws Exception {
    byte[] jpeg = MediaFiles.progressive(1_000, 1);
    byte[] comment = new byte[4 + 2_000];
    for (int i = 4; i < comment.length; i++) {
      comment[i] = (byte) (i % 2 == 0 ? 0xff : 0xda);
    }
    ByteBuffer commented = ByteBuffer.allocate(jpeg.length + comment.length);
    commented.put(jpeg, 0, 2).put(comment).put(jpeg, 2, jpeg.length - 2);
    commented.putShort(2, (short) 0xfffe).putShort(4, (short) (comment.length - 2));
    assertEquals(1_000, Pictures.read(commented.array()).width());
  }

  @Test
  void read_mostPixels_areDecodedInBoundedMemory() {
    byte[] png = MediaFiles.png(4096, 3072, 4097L * 3072);
    Picture picture = bounded(() -> read(png), MOST);
    assertEquals(4096, picture.width());
    assertEquals(1, ink(picture, 0, 16, 16));
  }

  @Test
  void read_moreDataThanPixels_isNotInflated() {
    byte[] png = MediaFiles.png(16, 16, 1L << 28);
    assertEquals(16, bounded(() -> read(png), MOST).width());
  }

  @Test
  void read_commentThatInflatesToAQuarterOfAGigabyte_isPassedOver() {
    byte[] text = MediaFiles.deflated(1L << 28);
    byte[] comment = new byte[2 + 5 + text.length];
    System.arraycopy(new byte[] {'T', 'i', 't', 'l', 'e', 0, 0}, 0, comment, 0, 7);
    System.arraycopy(text, 0, comment, 7, text.length);
    byte[] png = MediaFiles.png(16, 16, 16 * 17, MediaFiles.chunk("zTXt", comment));
    assertEquals(16, bounded(() -> read(png), MOST).width());
  }

  @Test
  void read_whatStandsBesideAPalette_isPassedOver() {
    byte[] suggested = new byte[4_000_000];
    suggested[0] = 'a';
    byte[] many = new byte[12 * 300_000];
    byte[] empty = MediaFiles.chunk("miLl", new byte[0]);
    for (int at = 0; at < many.length; at += empty.length) {
      System.arraycopy(empty, 0, many, at, empty.length);
    }
    byte[] time = MediaFiles.chunk("tIME", new byte[8]);
    for (byte[] other : new byte[][] {MediaFiles.chunk("sPLT", suggested), many, time}) {
      byte[] png = MediaFiles.palette(16, 16, other);
      Picture picture = bounded(() -> read(png), MOST);
      assertEquals(1, ink(picture, 0, 16, 16));
    }
  }

  @Test
  void read_chunkThatDeclaresTwoGigabytes_isBrokenWithoutAllocatingThem() {
    byte[] lie = MediaFiles.chunk("tEXt", new byte[16]);
    lie[0] = 0x7f;
    byte[] png = MediaFiles.png(16, 16, 16 * 17, lie);
    InvalidMediaException refused = bounded(() -> refused(png), 1 << 20);
    assertEquals(Kind.BROKEN, refused.kind());
    assertTrue(refused.getMessage().contains("tEXt"), refused.getMessage());
  }

  @Test
  void read_changedByte_isBrokenOrStillAPicture() {
    Random random = new Random(1);
    for (String format : new String[] {"png", "jpeg"}) {
      byte[] whole = MediaFiles.halfBlack(format, 60, 60);
      for (int i = 0; i < 2_000; i++) {
        byte[] changed = whole.clone();
        changed[random.nextInt(changed.length)] = (byte) random.nextInt();
        bounded(() -> readOrRefused(changed), MOST);
      }
    }
  }

  @Test
  void read_otherBytes_areUnknown() {
    assertEquals(Kind.UNKNOWN, refused(new byte[0]).kind());
    assertEquals(Kind.UNKNOWN, refused("GIF89a".getBytes(UTF_8)).kind());
    assertEquals(Kind.UNKNOWN, refused(MediaFiles.halfBlack("bmp", 8, 8)).kind());
  }

  private static float ink(Picture picture, int channel, int row, int column) {
    return picture.ink()[(channel * 32 + row) * 32 + column];
  }

  private static InvalidMediaException refused(byte[] bytes) {
    return assertThrows(InvalidMediaException.class, () -> Pictures.read(bytes));
  }

  private static Picture read(byte[] bytes) {
    try {
      return Pictures.read(bytes);
    } catch (InvalidMediaException e) {
      throw new AssertionError(e);
    }
  }

  private static Object readOrRefused(byte[] bytes) {
    try {
      return Pictures.read(bytes);
    } catch (InvalidMediaException e) {
      return e;
    }
  }

  private static <T> T bounded(java.util.function.Supplier<T> work, long most) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    T result = work.get();
    long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    assertTrue(allocated < most, () -> allocated + " bytes allocated, expected under " + most);
    return result;
  }
}
