package dev.millrace.adapter.align;

import dev.millrace.model.align.Aligner;
import dev.millrace.model.align.Places;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import dev.millrace.schema.ScoredSample;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Pairs of a made-up domain: what shows something lies where its caption does but for some axes,
 * which are swapped, so that there is something to learn. Known pairs lie together as they are.
 */
final class Pairs {

  private static final int SWAPPED = 16;
  private static final double NOISE = 0.08;

  private Pairs() {}

  static Places place(long seed, boolean known) {
    Random random = new Random(seed * 7919 + 13);
    float[] caption = new float[Aligner.DIMENSION];
    float[] media = new float[Aligner.DIMENSION];
    for (int i = 0; i < caption.length; i++) {
      boolean used = known ? i >= SWAPPED : i < SWAPPED;
      caption[i] = used ? (float) random.nextGaussian() : 0;
    }
    for (int i = 0; i < caption.length; i++) {
      int from = known || i >= SWAPPED ? i : (i + SWAPPED / 2) % SWAPPED;
      media[i] = caption[from] + (float) (NOISE * random.nextGaussian());
    }
    return new Places(unit(media), unit(caption));
  }

  private static float[] unit(float[] vector) {
    float length = (float) Math.sqrt(Aligner.cosine(vector, vector));
    for (int i = 0; i < vector.length; i++) {
      vector[i] /= length;
    }
    return vector;
  }

  static List<PairPlaces> many(int from, int to) {
    List<PairPlaces> pairs = new ArrayList<>();
    for (int i = from; i < to; i++) {
      pairs.add(new PairPlaces("p" + i, origin(i), i, place(i, false)));
    }
    return pairs;
  }

  static List<Places> known(int n) {
    List<Places> places = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      places.add(place(1_000_000 + i, true));
    }
    return places;
  }

  static Origin origin(long i) {
    return new Origin("samples", 0, i);
  }

  static ScoredSample sample(@Nullable String tenant, long i, boolean heldOut) {
    Sample sample =
        new Sample(
            "p" + i,
            "test",
            "document " + i,
            tenant,
            "stamps",
            Modality.IMAGE,
            "",
            new byte[0],
            "caption " + i,
            i,
            origin(i));
    return new ScoredSample(sample, new int[] {1}, 1, 1, 1, heldOut);
  }
}
