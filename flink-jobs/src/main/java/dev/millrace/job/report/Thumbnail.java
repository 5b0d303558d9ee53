package dev.millrace.job.report;

import dev.millrace.model.media.InvalidMediaException;
import dev.millrace.model.media.Picture;
import dev.millrace.model.media.Pictures;
import dev.millrace.model.media.Sound;
import dev.millrace.model.media.Sounds;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Sample;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import javax.imageio.ImageIO;

/** What encoders see of media, as a small picture: a stranger's bytes never get into a page. */
final class Thumbnail {

  /** Log-mel energies, in deviations, from white to black. */
  private static final float DEVIATIONS = 5;

  private Thumbnail() {}

  /** A data URI; empty for what cannot be decoded. */
  static String of(Sample sample) {
    try {
      return uri(
          sample.modality() == Modality.IMAGE
              ? drawn(Pictures.read(sample.media()))
              : drawn(Sounds.read(sample.media())));
    } catch (InvalidMediaException e) {
      return "";
    }
  }

  private static BufferedImage drawn(Picture picture) {
    int side = Picture.SIDE;
    BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < side * side; i++) {
      int rgb = 0;
      for (int c = 0; c < Picture.CHANNELS; c++) {
        rgb = (rgb << 8) | Math.round(255 * (1 - picture.ink()[c * side * side + i]));
      }
      image.setRGB(i % side, i / side, rgb);
    }
    return image;
  }

  /** Time to the right, pitch upwards. */
  private static BufferedImage drawn(Sound sound) {
    BufferedImage image = new BufferedImage(Sound.FRAMES, Sound.BANDS, BufferedImage.TYPE_INT_RGB);
    for (int band = 0; band < Sound.BANDS; band++) {
      for (int frame = 0; frame < Sound.FRAMES; frame++) {
        float energy = sound.mel()[band * Sound.FRAMES + frame] / DEVIATIONS + 0.5f;
        int grey = Math.round(255 * (1 - Math.min(1, Math.max(0, energy))));
        image.setRGB(frame, Sound.BANDS - 1 - band, (grey << 16) | (grey << 8) | grey);
      }
    }
    return image;
  }

  private static String uri(BufferedImage image) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", out);
    } catch (IOException e) {
      throw new UncheckedIOException("memory cannot fail", e);
    }
    return "data:image/png;base64," + Base64.getEncoder().encodeToString(out.toByteArray());
  }
}
