package dev.millrace.job.operator.learn;

import dev.millrace.adapter.align.AlignmentConfig;
import dev.millrace.adapter.align.AlignmentLearner;
import dev.millrace.adapter.align.AlignmentParts;
import dev.millrace.adapter.align.PairPlaces;
import dev.millrace.adapter.align.PairRetrainer;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.adapter.train.Machine;
import dev.millrace.job.io.FlinkReleaseFiles;
import dev.millrace.job.releases.Reproduction;
import dev.millrace.model.align.Aligner;
import dev.millrace.model.align.KnownPairs;
import dev.millrace.model.align.Places;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** A domain of pictures that encoders see in the wrong place, always in the same way. */
public final class SwappedPairs {

  private static final AlignmentConfig CONFIG =
      new AlignmentConfig(16, 128, 64, 16, 8, 40, 0.01, 0.1, 0, 0.95, 200, 9);

  private SwappedPairs() {}

  /** Publishes into a folder, by a gate that asks for little. */
  public static AlignmentLearner learner(Path store) {
    return learner(store, "e".repeat(64));
  }

  /**
   * The same.
   *
   * @param encoders id of those that see the pictures
   */
  static AlignmentLearner learner(Path store, String encoders) {
    return AlignmentLearner.of(
        new AlignmentParts(
            "base",
            Routing.topK(1),
            known(encoders),
            ReleaseStore.of(StoreFiles.in(store)),
            new FlinkReleaseFiles(store.toString()),
            new Machine(1, "test", "test"),
            17,
            InstantSource.system()),
        CONFIG);
  }

  private static KnownPairs known(String encoders) {
    return new KnownPairs(
        encoders,
        new TreeMap<>(Map.of("known", List.of(places(-1), places(-2), places(-3), places(-4)))));
  }

  /**
   * Trains again what a learner published.
   *
   * @param shift samples are given the places of those so far behind them
   */
  public static PairRetrainer retrainer(int shift) {
    return new PairRetrainer(
        known("e".repeat(64)),
        Reproduction::alignment,
        origin -> {
          int i = (int) origin.offset();
          return PairPlaces.of(sample(i), places(i + shift));
        });
  }

  /** A picture lies where its caption does, with two halves of eight axes swapped. */
  public static Places places(int i) {
    Random random = new Random(i * 7919L);
    float[] media = new float[Aligner.DIMENSION];
    float[] caption = new float[Aligner.DIMENSION];
    for (int k = 0; k < 8; k++) {
      caption[k] = (float) random.nextGaussian();
    }
    for (int k = 0; k < 8; k++) {
      media[k] = caption[(k + 4) % 8];
    }
    return new Places(unit(media), unit(caption));
  }

  private static float[] unit(float[] vector) {
    float length = (float) Math.sqrt(Aligner.cosine(vector, vector));
    for (int k = 0; k < vector.length; k++) {
      vector[k] /= length;
    }
    return vector;
  }

  /** The sample with these places. */
  public static Sample sample(int i) {
    byte[] media = {1};
    String document = "document " + i;
    String says = "caption " + i;
    Origin at = new Origin("samples", 0, i);
    return new Sample(
        "p" + i, "test", document, null, "stamps", Modality.IMAGE, "", media, says, i, at);
  }
}
