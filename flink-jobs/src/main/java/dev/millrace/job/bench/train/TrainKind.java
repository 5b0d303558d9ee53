package dev.millrace.job.bench.train;

import dev.millrace.job.bench.model.RandomCheckpoint;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Computation;
import dev.millrace.model.base.Products;
import dev.millrace.model.base.Recompute;
import dev.millrace.model.base.WeightedSequence;
import dev.millrace.model.djl.BaseTrainer;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.LoopedTraining;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraWeights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;

/** The ways to train that are compared. */
enum TrainKind {
  FP32("LoRA, fp32", Products.FP32, Recompute.NOTHING),
  BF16("LoRA, bf16", Products.BF16, Recompute.NOTHING),
  FP32_EXPERTS(
      "LoRA, fp32, fronts and half of the experts again", Products.FP32, Recompute.EXPERTS),
  FP32_FRONTS("LoRA, fp32, fronts again", Products.FP32, Recompute.FRONTS),
  FP32_LAYERS("LoRA, fp32, layers again", Products.FP32, Recompute.LAYERS),
  BF16_FRONTS("LoRA, bf16, fronts again", Products.BF16, Recompute.FRONTS),
  BF16_LAYERS("LoRA, bf16, layers again", Products.BF16, Recompute.LAYERS),
  LOOPED("LoRA, loop over experts, fp32", Products.FP32, Recompute.NOTHING),
  FULL("full fine-tuning, fp32", Products.FP32, Recompute.NOTHING);

  /** That compute a step. */
  static final int THREADS = 2;

  /** Tokens that a sequence predicts. */
  static final int LENGTH = 128;

  static final LoraConfig LORA =
      new LoraConfig(8, 16, false, List.of("k_proj", "o_proj", "q_proj", "v_proj"));

  private final String title;
  private final Products products;
  private final Recompute recompute;

  TrainKind(String title, Products products, Recompute recompute) {
    this.title = title;
    this.products = products;
    this.recompute = recompute;
  }

  String title() {
    return title;
  }

  /** Calls of a step that are computed at once; full fine-tuning deals its rows to two threads. */
  int calls() {
    return this == FULL ? 1 : THREADS;
  }

  Computation computation() {
    return new Computation(products, recompute);
  }

  /** A model that is ready to train; one call is what one thread does of a step. */
  record Rig(Run training, Runnable closing) implements AutoCloseable {

    /** So many calls of so many sequences of random tokens each. */
    List<Callable<Double>> step(int calls, int rows, long seed) {
      List<Callable<Double>> step = new ArrayList<>();
      for (int i = 0; i < calls; i++) {
        List<WeightedSequence> own = TrainKind.rows(rows, RandomCheckpoint.VOCABULARY, seed + i);
        step.add(() -> run(own));
      }
      return step;
    }

    /** Computes gradients of a micro-batch, or a whole step in full fine-tuning; its loss. */
    double run(List<WeightedSequence> rows) throws Exception {
      return training.of(rows);
    }

    @Override
    public void close() {
      closing.run();
    }
  }

  /** Opens a checkpoint to be trained this way. */
  Rig open(Path folder, long seed) throws IOException {
    return switch (this) {
      case FULL -> full(BaseTrainer.of(folder));
      case LOOPED -> {
        LoopedTraining looped = LoopedTraining.open(folder);
        AdapterWeights adapter = adapter(looped.sites(), seed);
        yield new Rig(rows -> looped.gradients(adapter, rows).loss(), looped::close);
      }
      default -> {
        BaseModel base = DjlModels.open(folder, Precision.INT8);
        AdapterWeights adapter = adapter(base.sites(), seed);
        yield new Rig(rows -> base.gradients(adapter, rows, computation()).loss(), base::close);
      }
    };
  }

  private static AdapterWeights adapter(List<Site> sites, long seed) {
    return LoraWeights.initial(LORA, sites, seed);
  }

  interface Run {
    double of(List<WeightedSequence> rows) throws Exception;
  }

  /** Its two threads take half of the rows each. */
  private static Rig full(BaseTrainer trainer) {
    long[] step = {0};
    return new Rig(
        rows -> {
          int[][] all = rows.stream().map(WeightedSequence::tokens).toArray(int[][]::new);
          int half = all.length / 2;
          int[][] left = Arrays.copyOf(all, half);
          int[][] right = Arrays.copyOfRange(all, half, all.length);
          return trainer.step(left, right, routes(all.length), 1e-5, ++step[0]).loss();
        },
        trainer::close);
  }

  /** The top k for every row. */
  static BaseTrainer.Routes routes(int rows) {
    return new BaseTrainer.Routes(new double[rows], 0);
  }

  /** Sequences of random tokens. */
  static List<WeightedSequence> rows(int count, int vocabulary, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<WeightedSequence> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      rows.add(new WeightedSequence(random.ints(LENGTH + 1, 0, vocabulary).toArray(), 1));
    }
    return rows;
  }
}
