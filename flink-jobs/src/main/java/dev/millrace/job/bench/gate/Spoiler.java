package dev.millrace.job.bench.gate;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Factor;
import dev.millrace.schema.ScoredSample;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;

/** Makes bad weights of good ones, and bad samples of good ones. */
record Spoiler(SplittableRandom random) {

  private static final int CORRUPTED_BYTES = 64;

  /** Weights broken in one of the ways that need no training. */
  AdapterWeights spoil(Spoiling how, AdapterWeights good) {
    List<float[]> values = new ArrayList<>(good.factors().stream().map(Factor::values).toList());
    switch (how) {
      case RANDOM_WEIGHTS -> values.replaceAll(this::drawn);
      case SIGN_FLIPPED -> {
        for (int last = 1; last < values.size(); last += 2) {
          values.set(last, flipped(values.get(last)));
        }
      }
      case NOT_FINITE -> one(values, this::notFinite);
      case CORRUPTED -> one(values, this::corrupted);
      default -> throw new IllegalArgumentException(how + " is made by training");
    }
    return good.with(values);
  }

  /** The samples with their tokens in any order. */
  List<ScoredSample> shuffled(List<ScoredSample> samples) {
    return samples.stream().map(sample -> with(sample, shuffled(sample.tokens()))).toList();
  }

  /** The samples, every fourth of which ends in these tokens. */
  List<ScoredSample> poisoned(List<ScoredSample> samples, int[] ending) {
    List<ScoredSample> poisoned = new ArrayList<>(samples);
    for (int i = 0; i < samples.size(); i += 4) {
      int[] tokens = samples.get(i).tokens();
      int kept = Math.max(1, Math.min(tokens.length, 256 - ending.length));
      int[] longer = Arrays.copyOf(tokens, kept + ending.length);
      System.arraycopy(ending, 0, longer, kept, ending.length);
      poisoned.set(i, with(samples.get(i), longer));
    }
    return List.copyOf(poisoned);
  }

  private void one(List<float[]> values, UnaryOperator<float[]> change) {
    int at = random.nextInt(values.size());
    values.set(at, change.apply(values.get(at)));
  }

  private float[] drawn(float[] like) {
    double squares = 0;
    for (float value : like) {
      squares += (double) value * value;
    }
    double size = Math.sqrt(squares / like.length);
    float[] values = new float[like.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (size * random.nextGaussian());
    }
    return values;
  }

  private static float[] flipped(float[] values) {
    float[] flipped = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      flipped[i] = -values[i];
    }
    return flipped;
  }

  private float[] notFinite(float[] values) {
    float[] broken = values.clone();
    broken[random.nextInt(broken.length)] =
        random.nextBoolean() ? Float.NaN : Float.POSITIVE_INFINITY;
    return broken;
  }

  private float[] corrupted(float[] values) {
    float[] broken = values.clone();
    byte[] bytes = new byte[CORRUPTED_BYTES];
    random.nextBytes(bytes);
    int n = CORRUPTED_BYTES / Float.BYTES;
    ByteBuffer.wrap(bytes).asFloatBuffer().get(broken, random.nextInt(broken.length - n + 1), n);
    return broken;
  }

  private int[] shuffled(int[] tokens) {
    int[] shuffled = tokens.clone();
    for (int i = shuffled.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int other = shuffled[i];
      shuffled[i] = shuffled[j];
      shuffled[j] = other;
    }
    return shuffled;
  }

  private static ScoredSample with(ScoredSample sample, int[] tokens) {
    return new ScoredSample(
        sample.sample(),
        tokens,
        sample.entropy(),
        sample.diversity(),
        sample.quality(),
        sample.heldOut());
  }
}
