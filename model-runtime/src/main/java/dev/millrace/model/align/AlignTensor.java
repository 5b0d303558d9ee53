package dev.millrace.model.align;

import java.util.Arrays;
import java.util.List;

/**
 * A tensor of the encoders.
 *
 * @param trained false for what only standardises an input
 */
public record AlignTensor(String name, boolean trained, long... shape) {

  private static final int GRID = 4;
  private static final int PICTURE_TOP = 96;
  private static final int SOUND_TOP = 128;
  private static final int BAG = 48;
  private static final int TEXT_INNER = 96;

  public int size() {
    return Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact));
  }

  /** How many inputs an output is a sum of; 1 for biases. */
  public int fanIn() {
    return shape.length < 2 ? 1 : Math.toIntExact(size() / shape[0]);
  }

  private static AlignTensor of(String name, long... shape) {
    return new AlignTensor(name, true, shape);
  }

  /** All of them, in the order in which the program holds them. */
  public static List<AlignTensor> all(int hiddenSize) {
    long d = Aligner.DIMENSION;
    return List.of(
        of("picture.conv1.weight", 24, 3, 5, 5),
        of("picture.conv1.bias", 24),
        of("picture.conv2.weight", 48, 24, 3, 3),
        of("picture.conv2.bias", 48),
        of("picture.conv3.weight", PICTURE_TOP, 48, 3, 3),
        of("picture.conv3.bias", PICTURE_TOP),
        of("picture.out.weight", d, PICTURE_TOP * GRID * GRID),
        of("picture.out.bias", d),
        of("sound.conv1.weight", 64, 40, 5),
        of("sound.conv1.bias", 64),
        of("sound.conv2.weight", 96, 64, 5),
        of("sound.conv2.bias", 96),
        of("sound.conv3.weight", SOUND_TOP, 96, 5),
        of("sound.conv3.bias", SOUND_TOP),
        of("sound.out.weight", d, 2 * SOUND_TOP),
        of("sound.out.bias", d),
        of("text.bag.weight", WordBuckets.COUNT, BAG),
        of("text.inner.weight", TEXT_INNER, BAG + hiddenSize),
        of("text.inner.bias", TEXT_INNER),
        of("text.out.weight", d, TEXT_INNER + BAG),
        of("text.out.bias", d),
        of("log_scale", 1),
        new AlignTensor("text.hidden_mean", false, hiddenSize),
        new AlignTensor("text.hidden_scale", false, hiddenSize));
  }
}
