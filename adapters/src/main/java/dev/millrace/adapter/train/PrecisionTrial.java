package dev.millrace.adapter.train;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Computation;
import dev.millrace.model.base.Products;
import dev.millrace.model.base.WeightedSequence;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * A micro-batch of a lesson's size, computed in fp32 and in bf16 in turn: whether bf16 pays depends
 * on the processor and on how many rows an expert gets.
 *
 * @param tokens of the micro-batch
 * @param fp32Millis median, of this thread's processor time; on a GPU of the clock
 * @param bf16Millis the same in bf16
 * @param speed of bf16 over fp32's, the median of pairs
 */
public record PrecisionTrial(int tokens, double fp32Millis, double bf16Millis, double speed) {

  /** What bf16 must gain at least: less is lost in noise, and the loss curve is not the same. */
  private static final double GAIN = 1.1;

  private static final int PAIRS = 5;

  /** No further pair is begun after so long: a micro-batch of a large base takes seconds. */
  private static final long ENOUGH_NANOS = 5_000_000_000L;

  /** Tokens of a row. */
  private static final int ROW = 128;

  /**
   * Computes gradients that nobody uses.
   *
   * @param texts token sequences that the base knows; where there are none, any tokens
   */
  public static PrecisionTrial of(
      BaseModel base, AdapterWeights adapter, TrainConfig config, Plan plan, List<int[]> texts) {
    List<WeightedSequence> rows = rows(base, config, plan, texts);
    LongSupplier clock =
        plan.device().equals("gpu")
            ? System::nanoTime
            : ManagementFactory.getThreadMXBean()::getCurrentThreadCpuTime;
    Computation fp32 = new Computation(Products.FP32, plan.recompute());
    Computation bf16 = new Computation(Products.BF16, plan.recompute());
    millis(base, adapter, rows, fp32, clock); // loads the weights that train
    millis(base, adapter, rows, bf16, clock);
    List<Pair> pairs = new ArrayList<>();
    long start = System.nanoTime();
    do {
      pairs.add(
          new Pair(
              millis(base, adapter, rows, fp32, clock), millis(base, adapter, rows, bf16, clock)));
    } while (pairs.size() < PAIRS && System.nanoTime() - start < ENOUGH_NANOS);
    return new PrecisionTrial(
        (int) MicroBatches.tokens(rows),
        median(pairs, Pair::fp32),
        median(pairs, Pair::bf16),
        median(pairs, pair -> pair.fp32 / pair.bf16));
  }

  private record Pair(double fp32, double bf16) {}

  /** As many rows as each thread gets of a step, within the memory. */
  private static List<WeightedSequence> rows(
      BaseModel base, TrainConfig config, Plan plan, List<int[]> texts) {
    int[] known = texts.stream().flatMapToInt(Arrays::stream).toArray();
    int[] stream =
        known.length > 0 ? known : IntStream.range(0, base.config().vocabSize()).toArray();
    int most = Math.min(plan.microBatchTokens(base), base.config().maxPositionEmbeddings());
    int length = Math.max(2, Math.min(ROW, most));
    int wanted = (int) Math.ceil((double) config.rowsPerStep() / plan.threads());
    int count = Math.max(1, Math.min(wanted, plan.microBatchTokens(base) / length));
    List<WeightedSequence> rows = new ArrayList<>();
    for (int row = 0; row < count; row++) {
      int from = row * length;
      int[] tokens =
          IntStream.range(from, from + length).map(i -> stream[i % stream.length]).toArray();
      rows.add(new WeightedSequence(tokens, 1));
    }
    return rows;
  }

  private static double millis(
      BaseModel base,
      AdapterWeights adapter,
      List<WeightedSequence> rows,
      Computation how,
      LongSupplier clock) {
    long before = clock.getAsLong();
    var unused = base.gradients(adapter, rows, how);
    return (clock.getAsLong() - before) / 1e6;
  }

  private static double median(List<Pair> pairs, ToDoubleFunction<Pair> figure) {
    return pairs.stream().mapToDouble(figure).sorted().toArray()[pairs.size() / 2];
  }

  /** What ADAPTIVE is to be here. */
  public TrainPrecision decision() {
    return speed >= GAIN ? TrainPrecision.ADAPTIVE : TrainPrecision.ADAPTIVE_FP32;
  }

  @Override
  public String toString() {
    return "a micro-batch of %d tokens took %.1f ms in bf16 and %.1f ms in fp32, bf16 %.2f times as fast, expected %.2f or more to pay"
        .formatted(tokens, bf16Millis, fp32Millis, speed, GAIN);
  }
}
