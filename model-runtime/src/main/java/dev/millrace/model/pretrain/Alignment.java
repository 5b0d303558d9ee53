package dev.millrace.model.pretrain;

import dev.millrace.model.align.AlignConfig;
import dev.millrace.model.align.AlignWeights;
import dev.millrace.model.align.AlignedPair;
import dev.millrace.model.align.PairBatch;
import dev.millrace.model.djl.AlignTrainer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * Trains encoders into one space on pairs of several kinds: each step takes a batch of every kind.
 * The same pairs and the same seed give the same weights.
 */
public final class Alignment {

  /** Pairs of a batch. */
  private static final int BATCH = 128;

  private static final double PEAK = 2e-3;
  private static final int WARMUP = 50;

  private Alignment() {}

  /** Hears of each step: its number from 1, and the mean loss of each kind, nats. */
  public interface Progress {
    void step(int number, double[] losses);
  }

  /** Trains as long as the config says, from fresh weights. */
  public static AlignWeights train(
      AlignConfig config, SortedMap<String, List<AlignedPair>> kinds, Progress progress) {
    SplittableRandom random = new SplittableRandom(config.seed());
    List<float[]> hidden =
        kinds.values().stream().flatMap(List::stream).map(pair -> pair.right().hidden()).toList();
    List<Iterator<PairBatch>> batches = new ArrayList<>();
    for (Map.Entry<String, List<AlignedPair>> kind : kinds.entrySet()) {
      if (kind.getValue().size() < BATCH) {
        throw new IllegalArgumentException(
            "%d pairs of %s, expected at least %d"
                .formatted(kind.getValue().size(), kind.getKey(), BATCH));
      }
      batches.add(new Batches(kind.getValue(), BATCH, random.split()));
    }
    try (AlignTrainer trainer =
        new AlignTrainer(AlignWeights.random(config, hidden, random.split()))) {
      for (int step = 1; step <= config.steps(); step++) {
        List<PairBatch> now = batches.stream().map(Iterator::next).toList();
        progress.step(step, trainer.step(now, rate(step, config.steps()), step));
      }
      return trainer.weights();
    }
  }

  /** Rises over the first steps, then falls to zero in a straight line. */
  private static double rate(int step, int steps) {
    return PEAK * Math.min((double) step / WARMUP, (double) (steps - step + 1) / steps);
  }

  /** Batches for ever; neighbours of one cluster come together, so that each has hard negatives. */
  private static final class Batches implements Iterator<PairBatch> {

    /** Pairs of a cluster that stand together. */
    private static final int RUN = 4;

    private final List<AlignedPair> pairs;
    private final int size;
    private final SplittableRandom random;
    private List<AlignedPair> order = List.of();
    private int at;

    Batches(List<AlignedPair> pairs, int size, SplittableRandom random) {
      this.pairs = pairs;
      this.size = size;
      this.random = random;
    }

    @Override
    public boolean hasNext() {
      return true;
    }

    @Override
    public PairBatch next() {
      if (at + size > order.size()) {
        order = runs();
        at = 0;
      }
      List<AlignedPair> batch = order.subList(at, at + size);
      at += size;
      Distortion distortion = new Distortion(random);
      return new PairBatch(
          batch.stream().map(pair -> distortion.of(pair.left())).toList(),
          batch.stream().map(pair -> distortion.of(pair.right())).toList(),
          batch.stream().mapToInt(AlignedPair::group).toArray());
    }

    private List<AlignedPair> runs() {
      Random shuffler = new Random(random.nextLong());
      List<AlignedPair> shuffled = new ArrayList<>(pairs);
      Collections.shuffle(shuffled, shuffler);
      Map<Integer, List<List<AlignedPair>>> byCluster = new TreeMap<>();
      for (AlignedPair pair : shuffled) {
        List<List<AlignedPair>> runs =
            byCluster.computeIfAbsent(pair.cluster(), cluster -> new ArrayList<>());
        if (runs.isEmpty() || runs.get(runs.size() - 1).size() == RUN) {
          runs.add(new ArrayList<>());
        }
        runs.get(runs.size() - 1).add(pair);
      }
      List<List<AlignedPair>> all =
          new ArrayList<>(byCluster.values().stream().flatMap(Collection::stream).toList());
      Collections.shuffle(all, shuffler);
      return all.stream().flatMap(List::stream).toList();
    }
  }
}
