package dev.millrace.model.pretrain;

import dev.millrace.model.align.AlignWeights;
import dev.millrace.model.align.Captioned;
import dev.millrace.model.align.Input;
import dev.millrace.model.align.PrefixWeights;
import dev.millrace.model.align.Projection;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.TwoThreads;
import dev.millrace.model.djl.PrefixTrainer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;

/**
 * Trains the prefixes of pictures and of sounds, each on a thread of its own. The same pairs and
 * the same seed give the same weights.
 */
public final class PrefixAlignment {

  /** Rows of a prefix. */
  public static final int LENGTH = 4;

  private static final int INNER = 128;

  /** Captions of a batch. */
  private static final int BATCH = 64;

  private static final double PEAK = 3e-3;
  private static final int WARMUP = 50;

  private PrefixAlignment() {}

  /** Hears of each step of pictures or of sounds: its number from 1, and the mean loss, nats. */
  public interface Progress {
    void step(boolean pictures, int number, double loss);
  }

  /**
   * Trains so many steps, from fresh weights.
   *
   * @throws IllegalArgumentException if there are fewer pictures or sounds than a batch takes
   */
  public static PrefixWeights train(
      BaseModel base,
      AlignWeights encoders,
      List<Captioned> pictures,
      List<Captioned> sounds,
      int steps,
      long seed,
      Progress progress) {
    SplittableRandom random = new SplittableRandom(seed);
    Task task = new Task(base, encoders, steps);
    SplittableRandom one = random.split();
    SplittableRandom other = random.split();
    requireEnough(pictures);
    requireEnough(sounds);
    try (TwoThreads threads = new TwoThreads("training prefixes")) {
      List<Projection> trained =
          threads.run(
              List.of(
                  () ->
                      task.train(
                          Projection.PICTURE, pictures, one, (n, l) -> progress.step(true, n, l)),
                  () ->
                      task.train(
                          Projection.SOUND, sounds, other, (n, l) -> progress.step(false, n, l))));
      return new PrefixWeights("", LENGTH, trained.get(0), trained.get(1));
    }
  }

  private static void requireEnough(List<Captioned> pairs) {
    if (pairs.size() < BATCH) {
      throw new IllegalArgumentException(
          "%d pairs, expected at least %d".formatted(pairs.size(), BATCH));
    }
  }

  private interface Losses {
    void step(int number, double loss);
  }

  private record Task(BaseModel base, AlignWeights encoders, int steps) {

    Projection train(int features, List<Captioned> pairs, SplittableRandom random, Losses losses) {
      int outputs = LENGTH * base.config().hiddenSize();
      Projection start = Projection.random(features, INNER, outputs, random);
      Distortion distortion = new Distortion(random);
      List<Captioned> order = new ArrayList<>();
      try (PrefixTrainer trainer = new PrefixTrainer(base, encoders, start)) {
        for (int step = 1; step <= steps; step++) {
          if (order.size() < BATCH) {
            order = new ArrayList<>(pairs);
            Collections.shuffle(order, new Random(random.nextLong()));
          }
          List<Captioned> batch = order.subList(order.size() - BATCH, order.size());
          losses.step(step, trainer.step(moved(batch, distortion), rate(step), step));
          batch.clear();
        }
        return trainer.projection();
      }
    }

    private static List<Captioned> moved(List<Captioned> batch, Distortion distortion) {
      List<Captioned> moved = new ArrayList<>();
      for (Captioned pair : batch) {
        Input media = distortion.of(pair.media());
        moved.add(new Captioned(media, pair.tokens()));
      }
      return moved;
    }

    private double rate(int step) {
      return PEAK * Math.min((double) step / WARMUP, (double) (steps - step + 1) / steps);
    }
  }
}
