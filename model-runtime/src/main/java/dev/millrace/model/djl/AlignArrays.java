package dev.millrace.model.djl;

import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import dev.millrace.model.align.Input;
import dev.millrace.model.media.Picture;
import dev.millrace.model.media.Sound;
import java.util.List;
import java.util.function.Function;

/** Inputs of one type as the arguments of the encoders' program. */
final class AlignArrays {

  private AlignArrays() {}

  /** What the methods of the inputs' encoder begin with: picture, sound or words. */
  static String encoder(List<? extends Input> inputs) {
    Input first = inputs.get(0);
    return first instanceof Input.Words
        ? "words"
        : first instanceof Input.Seen ? "picture" : "sound";
  }

  /** One array for pictures and sounds; ids, offsets and hidden states for words. */
  static List<PtNDArray> of(PtNDManager scope, List<? extends Input> inputs) {
    return switch (encoder(inputs)) {
      case "words" -> words(scope, inputs.stream().map(Input.Words.class::cast).toList());
      case "picture" ->
          List.of(
              stacked(
                  scope,
                  inputs,
                  input -> ((Input.Seen) input).picture().ink(),
                  new Shape(inputs.size(), Picture.CHANNELS, Picture.SIDE, Picture.SIDE)));
      default ->
          List.of(
              stacked(
                  scope,
                  inputs,
                  input -> ((Input.Heard) input).sound().mel(),
                  new Shape(inputs.size(), Sound.BANDS, Sound.FRAMES)));
    };
  }

  private static PtNDArray stacked(
      PtNDManager scope, List<? extends Input> inputs, Function<Input, float[]> of, Shape shape) {
    float[] all = new float[Math.toIntExact(shape.size())];
    int width = all.length / inputs.size();
    for (int i = 0; i < inputs.size(); i++) {
      System.arraycopy(of.apply(inputs.get(i)), 0, all, i * width, width);
    }
    return Program.array(scope, new Values(all, shape.getShape()));
  }

  private static List<PtNDArray> words(PtNDManager scope, List<Input.Words> words) {
    int total = words.stream().mapToInt(w -> w.buckets().length).sum();
    int width = words.get(0).hidden().length;
    long[] ids = new long[total];
    long[] offsets = new long[words.size()];
    float[] hidden = new float[words.size() * width];
    int at = 0;
    for (int i = 0; i < words.size(); i++) {
      offsets[i] = at;
      for (int bucket : words.get(i).buckets()) {
        ids[at++] = bucket;
      }
      System.arraycopy(words.get(i).hidden(), 0, hidden, i * width, width);
    }
    return List.of(
        longs(scope, ids),
        longs(scope, offsets),
        Program.array(scope, new Values(hidden, words.size(), width)));
  }

  static PtNDArray longs(PtNDManager scope, long[] values) {
    try (PtNDArray view = (PtNDArray) scope.create(values)) {
      return (PtNDArray) view.duplicate();
    }
  }
}
