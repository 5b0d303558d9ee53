package dev.millrace.model.pretrain;

import dev.millrace.model.align.Input;
import dev.millrace.model.media.Picture;
import dev.millrace.model.media.Sound;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Inputs moved a little, and some of their words left out, so that encoders do not learn where
 * things lie, and whole texts, by heart.
 */
final class Distortion {

  private static final int PIXELS = 2;
  private static final int FRAMES = 12;
  private static final float NOISE = 0.1f;
  private static final double LEFT_OUT = 0.2;

  private final RandomGenerator random;

  Distortion(RandomGenerator random) {
    this.random = random;
  }

  Input of(Input input) {
    if (input instanceof Input.Seen seen) {
      return new Input.Seen(moved(seen.picture()));
    }
    return input instanceof Input.Heard heard
        ? new Input.Heard(moved(heard.sound()))
        : of((Input.Words) input);
  }

  Input.Words of(Input.Words words) {
    int[] kept =
        IntStream.of(words.buckets()).filter(bucket -> random.nextDouble() >= LEFT_OUT).toArray();
    return new Input.Words(kept, words.hidden());
  }

  private Picture moved(Picture picture) {
    int right = random.nextInt(2 * PIXELS + 1) - PIXELS;
    int down = random.nextInt(2 * PIXELS + 1) - PIXELS;
    float[] ink = new float[picture.ink().length];
    int side = Picture.SIDE;
    for (int row = Math.max(0, down); row < Math.min(side, side + down); row++) {
      int from = Math.max(0, -right);
      int length = side - Math.abs(right);
      for (int c = 0; c < Picture.CHANNELS; c++) {
        System.arraycopy(
            picture.ink(),
            (c * side + row - down) * side + from,
            ink,
            (c * side + row) * side + from + right,
            length);
      }
    }
    return new Picture(picture.width(), picture.height(), ink);
  }

  private Sound moved(Sound sound) {
    int later = random.nextInt(2 * FRAMES + 1) - FRAMES;
    int length = Sound.FRAMES - Math.abs(later);
    float[] mel = new float[sound.mel().length];
    for (int band = 0; band < Sound.BANDS; band++) {
      int from = band * Sound.FRAMES + Math.max(0, -later);
      System.arraycopy(sound.mel(), from, mel, from + later, length);
    }
    for (int i = 0; i < mel.length; i++) {
      mel[i] += NOISE * (float) random.nextGaussian();
    }
    return new Sound(sound.millis(), mel);
  }
}
