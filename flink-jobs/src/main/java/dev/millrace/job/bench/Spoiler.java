package dev.millrace.job.bench;

import dev.millrace.model.peft.AdapterWeights;
import dev.millrace.model.peft.LoraPair;
import dev.millrace.schema.ScoredSample;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Makes bad weights of good ones, and bad samples of good ones. */
record Spoiler(SplittableRandom random) {

  private static final int CORRUPTED_BYTES = 64;

  /** Weights broken in one of the ways that need no training. */
  AdapterWeights spoil(Spoiling how, AdapterWeights good) {
    return switch (how) {
      case RANDOM_WEIGHTS -> each(good, pair -> drawn(pair));
      case SIGN_FLIPPED ->
          each(good, pair -> new LoraPair(pair.site(), pair.a(), flipped(pair.b())));
      case NOT_FINITE -> one(good, this::notFinite);
      case CORRUPTED -> one(good, this::corrupted);
      default -> throw new IllegalArgumentException(how + " is made by training");
    };
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

  private interface Change {
    LoraPair of(LoraPair pair);
  }

  private static AdapterWeights each(AdapterWeights good, Change change) {
    return new AdapterWeights(good.config(), good.pairs().stream().map(change::of).toList());
  }

  private AdapterWeights one(AdapterWeights good, Change change) {
    List<LoraPair> pairs = new ArrayList<>(good.pairs());
    int at = random.nextInt(pairs.size());
    pairs.set(at, change.of(pairs.get(at)));
    return new AdapterWeights(good.config(), List.copyOf(pairs));
  }

  private LoraPair drawn(LoraPair pair) {
    return new LoraPair(pair.site(), drawn(pair.a()), drawn(pair.b()));
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

  private LoraPair notFinite(LoraPair pair) {
    float[] b = pair.b().clone();
    b[random.nextInt(b.length)] = random.nextBoolean() ? Float.NaN : Float.POSITIVE_INFINITY;
    return new LoraPair(pair.site(), pair.a(), b);
  }

  private LoraPair corrupted(LoraPair pair) {
    float[] b = pair.b().clone();
    byte[] bytes = new byte[CORRUPTED_BYTES];
    random.nextBytes(bytes);
    int values = CORRUPTED_BYTES / Float.BYTES;
    ByteBuffer.wrap(bytes).asFloatBuffer().get(b, random.nextInt(b.length - values + 1), values);
    return new LoraPair(pair.site(), pair.a(), b);
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
