package dev.millrace.model.media;

import static javax.sound.sampled.AudioFormat.Encoding.PCM_FLOAT;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.WritableRaster;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import javax.sound.sampled.AudioFileFormat;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;

/** Files made by the JDK's own writers, and such as no writer makes. */
final class MediaFiles {

  private MediaFiles() {}

  /** A picture of one sample, in each of its channels, of one of Java's types. */
  static byte[] plain(String format, int type, int sample) {
    BufferedImage image = new BufferedImage(32, 32, type);
    int[] samples = new int[32 * 32];
    Arrays.fill(samples, sample);
    for (int band = 0; band < image.getRaster().getNumBands(); band++) {
      image.getRaster().setSamples(0, 0, 32, 32, band, samples);
    }
    return encoded(image, format);
  }

  /** A PNG of one grey, seen through. */
  static byte[] greyAlpha(int grey, int alpha) {
    ComponentColorModel model =
        new ComponentColorModel(
            ColorSpace.getInstance(ColorSpace.CS_GRAY),
            true,
            false,
            Transparency.TRANSLUCENT,
            DataBuffer.TYPE_BYTE);
    WritableRaster raster = model.createCompatibleWritableRaster(32, 32);
    for (int i = 0; i < 32 * 32; i++) {
      raster.setPixel(i % 32, i / 32, new int[] {grey, alpha});
    }
    return encoded(new BufferedImage(model, raster, false, null), "png");
  }

  /** A picture whose left half is black, on white. */
  static byte[] halfBlack(String format, int width, int height) {
    return partBlack(format, width, height, height);
  }

  /** A picture whose left upper quarter is black, on white. */
  static byte[] cornerBlack(String format, int width, int height) {
    return partBlack(format, width, height, height / 2);
  }

  private static byte[] partBlack(String format, int width, int height, int rows) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setColor(Color.WHITE);
    g.fillRect(0, 0, width, height);
    g.setColor(Color.BLACK);
    g.fillRect(0, 0, width / 2, rows);
    g.dispose();
    return encoded(image, format);
  }

  private static byte[] encoded(BufferedImage image, String format) {
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      if (!ImageIO.write(image, format, out)) {
        throw new IllegalArgumentException("no writer for " + format);
      }
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A progressive JPEG whose last scan comes so many times. */
  static byte[] progressive(int side, int times) {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ImageOutputStream to = new MemoryCacheImageOutputStream(out)) {
      ImageWriteParam param = writer.getDefaultWriteParam();
      param.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
      writer.setOutput(to);
      BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_BYTE_GRAY);
      writer.write(null, new IIOImage(image, null, null), param);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      writer.dispose();
    }
    byte[] jpeg = out.toByteArray();
    int end = jpeg.length - 2;
    int last = end;
    while (jpeg[last] != (byte) 0xff || jpeg[last + 1] != (byte) 0xda) {
      last--;
    }
    ByteBuffer repeated = ByteBuffer.allocate(jpeg.length + (times - 1) * (end - last));
    repeated.put(jpeg, 0, last);
    for (int i = 0; i < times; i++) {
      repeated.put(jpeg, last, end - last);
    }
    return repeated.put(jpeg, end, 2).array();
  }

  /** A JPEG with an Exif segment of three tags, of which the second says how it is turned. */
  static byte[] exif(byte[] jpeg, ByteOrder order, int orientation) {
    ByteBuffer out = ByteBuffer.allocate(jpeg.length + 60).put(jpeg, 0, 2);
    out.putShort((short) 0xffe1)
        .putShort((short) 58)
        .put("Exif\0\0".getBytes(StandardCharsets.UTF_8));
    out.order(order).put(order == ByteOrder.LITTLE_ENDIAN ? (byte) 'I' : (byte) 'M');
    out.put(out.get(out.position() - 1)).putShort((short) 42).putInt(8).putShort((short) 3);
    for (int tag : new int[] {0x0100, 0x0112, 0x0128}) {
      out.putShort((short) tag).putShort((short) 3).putInt(1);
      out.putShort((short) (tag == 0x0112 ? orientation : 5)).putShort((short) 0);
    }
    out.putInt(0);
    return out.put(jpeg, 2, jpeg.length - 2).array();
  }

  /** A PNG of grey pixels that declares a size, with so many bytes of zeros behind IDAT. */
  static byte[] png(int width, int height, long zeros, byte[]... others) {
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      out.write(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
      out.write(
          chunk(
              "IHDR", ByteBuffer.allocate(13).putInt(width).putInt(height).put((byte) 8).array()));
      for (byte[] other : others) {
        out.write(other);
      }
      out.write(chunk("IDAT", deflated(zeros)));
      out.write(chunk("IEND", new byte[0]));
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The same of a black palette. */
  static byte[] palette(int width, int height, byte[]... others) {
    byte[][] chunks = new byte[1 + others.length][];
    chunks[0] = chunk("PLTE", new byte[3]);
    System.arraycopy(others, 0, chunks, 1, others.length);
    byte[] png = png(width, height, (width + 1L) * height, chunks);
    ByteBuffer header = ByteBuffer.allocate(13).putInt(width).putInt(height).put((byte) 8);
    System.arraycopy(chunk("IHDR", header.put((byte) 3).array()), 0, png, 8, 25);
    return png;
  }

  static byte[] chunk(String type, byte[] data) {
    ByteBuffer chunk = ByteBuffer.allocate(12 + data.length).putInt(data.length);
    chunk.put(type.getBytes(StandardCharsets.ISO_8859_1)).put(data);
    CRC32 crc = new CRC32();
    crc.update(chunk.array(), 4, 4 + data.length);
    return chunk.putInt((int) crc.getValue()).array();
  }

  static byte[] deflated(long zeros) {
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      try (DeflaterOutputStream deflater = new DeflaterOutputStream(out)) {
        byte[] block = new byte[1 << 16];
        for (long left = zeros; left > 0; left -= block.length) {
          deflater.write(block, 0, (int) Math.min(left, block.length));
        }
      }
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A file of so many frames, each channel at the same −1..1. */
  static byte[] sound(
      AudioFileFormat.Type type, AudioFormat format, int frames, IntToDoubleFunction wave) {
    ByteBuffer pcm = ByteBuffer.allocate(frames * format.getFrameSize());
    for (int i = 0; i < frames; i++) {
      for (int c = 0; c < format.getChannels(); c++) {
        short value = (short) (32767 * wave.applyAsDouble(i));
        pcm.putShort(format.isBigEndian() ? value : Short.reverseBytes(value));
      }
    }
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      AudioSystem.write(
          new AudioInputStream(new ByteArrayInputStream(pcm.array()), format, frames), type, out);
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A tone of some hertz. */
  static byte[] tone(int rate, int channels, double hertz, int frames) {
    return sound(
        AudioFileFormat.Type.WAVE,
        new AudioFormat(rate, 16, channels, true, false),
        frames,
        i -> 0.5 * Math.sin(2 * Math.PI * hertz * i / rate));
  }

  /** A WAV of 9,000 floats of so many bits, 16,000 a second. */
  static byte[] floats(int bits, IntToDoubleFunction wave) throws IOException {
    int size = bits / 8;
    ByteBuffer data = ByteBuffer.allocate(9_000 * size).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 9_000; i++) {
      double value = wave.applyAsDouble(i);
      data = size == Float.BYTES ? data.putFloat((float) value) : data.putDouble(value);
    }
    AudioFormat format = new AudioFormat(PCM_FLOAT, 16_000, bits, 1, size, 16_000, false);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    AudioInputStream in =
        new AudioInputStream(new ByteArrayInputStream(data.array()), format, 9_000);
    AudioSystem.write(in, AudioFileFormat.Type.WAVE, out);
    return out.toByteArray();
  }
}
