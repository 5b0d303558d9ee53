package dev.millrace.model.pretrain;

import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.djl.BaseTrainer;
import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.Safetensors;
import dev.millrace.model.weights.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Pre-trains a base on one stream of tokens. Step s sees the same windows whenever it runs, so a
 * run that stops resumes from its state file and goes the same way.
 */
public final class Pretraining {

  private static final String STATE = "state.safetensors";

  /**
   * The recipe.
   *
   * @param steps how many steps in all; the last fifth decays the learning rate to a tenth,
   *     linearly
   * @param batch windows a micro-batch; a step takes two
   * @param time tokens a window
   * @param learningRate of the plateau
   * @param warmup steps over which the rate rises from 0
   * @param seed of weights and order
   */
  public record Plan(int steps, int batch, int time, double learningRate, int warmup, long seed) {

    double rate(long step) {
      double decayFrom = 0.8 * steps;
      if (step < warmup) {
        return learningRate * step / warmup;
      }
      return step <= decayFrom
          ? learningRate
          : learningRate * (1 - 0.9 * (step - decayFrom) / (steps - decayFrom));
    }
  }

  /**
   * What led to a checkpoint.
   *
   * @param legs the steps that each run was planned for, the last one's at the end: the rate decays
   *     at the end of each
   * @param seconds spent in steps
   */
  public record History(List<Integer> legs, double seconds) {

    private static final String LEGS = "legs";
    private static final String SECONDS = "seconds";

    static final History NONE = new History(List.of(), 0);

    /** Reads the history that a state file or a checkpoint carries. */
    public static History of(Map<String, String> metadata) {
      String legs = metadata.getOrDefault(LEGS, "");
      return new History(
          legs.isEmpty()
              ? List.of()
              : Arrays.stream(legs.split(",")).map(Integer::valueOf).toList(),
          Double.parseDouble(metadata.getOrDefault(SECONDS, "0")));
    }

    private History begin(int steps) {
      if (!legs.isEmpty() && legs.get(legs.size() - 1) == steps) {
        return this;
      }
      List<Integer> longer = new ArrayList<>(legs);
      longer.add(steps);
      return new History(List.copyOf(longer), seconds);
    }

    private History plus(double more) {
      return new History(legs, seconds + more);
    }

    private SafetensorsWriter into(SafetensorsWriter writer) {
      return writer
          .metadata(LEGS, legs.stream().map(String::valueOf).collect(Collectors.joining(",")))
          .metadata(SECONDS, String.format(Locale.ROOT, "%.0f", seconds));
    }
  }

  /** What a step did. */
  public record Progress(
      long step, double loss, double balance, double rate, double tokensPerSecond) {}

  private final MoeConfig config;
  private final Plan plan;
  private final int[] stream;
  private final Path work;
  private History history = History.NONE;

  /**
   * @param stream token ids of the training documents, end to end
   * @param work folder of the state file
   */
  public Pretraining(MoeConfig config, Plan plan, int[] stream, Path work) {
    this.config = config;
    this.plan = plan;
    this.stream = stream;
    this.work = work;
  }

  /**
   * Runs to the plan's last step, from the state file where there is one.
   *
   * @param saveEvery steps between two state files
   * @param out the checkpoint folder: config.json and model.safetensors, written with every state
   */
  public void run(int saveEvery, Path out, Consumer<Progress> progress) throws IOException {
    try (BaseTrainer trainer = BaseTrainer.start(config, plan.seed)) {
      long done = resume(trainer);
      history = history.begin(plan.steps);
      for (long step = done + 1; step <= plan.steps; step++) {
        long started = System.nanoTime();
        int[][][] windows = windows(step);
        BaseTrainer.Step result = trainer.step(windows[0], windows[1], plan.rate(step), step);
        double seconds = (System.nanoTime() - started) / 1e9;
        history = history.plus(seconds);
        progress.accept(
            new Progress(
                step,
                result.loss(),
                result.balance(),
                plan.rate(step),
                2.0 * plan.batch * plan.time / seconds));
        if (!Double.isFinite(result.loss())) {
          throw new IllegalStateException("loss " + result.loss() + " at step " + step);
        }
        if (step % saveEvery == 0 || step == plan.steps) {
          save(trainer, step);
          writeCheckpoint(trainer, out);
        }
      }
    }
  }

  /**
   * The two micro-batches of a step: each pass over the stream takes its windows in a new order.
   */
  private int[][][] windows(long step) {
    int perPass = stream.length / plan.time - 1;
    int[][][] windows = new int[2][plan.batch][];
    for (int i = 0; i < 2 * plan.batch; i++) {
      long n = (step - 1) * 2 * plan.batch + i;
      int window = shuffled(perPass, n % perPass, plan.seed + n / perPass);
      int from = window * plan.time;
      windows[i / plan.batch][i % plan.batch] =
          Arrays.copyOfRange(stream, from, from + plan.time + 1);
    }
    return windows;
  }

  private int[] order = new int[0];
  private long orderSeed;

  private int shuffled(int size, long position, long seed) {
    if (order.length != size || orderSeed != seed) {
      order = new int[size];
      Arrays.setAll(order, i -> i);
      SplittableRandom random = new SplittableRandom(seed);
      for (int i = size - 1; i > 0; i--) {
        int j = random.nextInt(i + 1);
        int swap = order[i];
        order[i] = order[j];
        order[j] = swap;
      }
      orderSeed = seed;
    }
    return order[(int) position];
  }

  private long resume(BaseTrainer trainer) throws IOException {
    Path file = work.resolve(STATE);
    if (!Files.exists(file)) {
      return 0;
    }
    try (Safetensors state = Safetensors.open(file)) {
      trainer.restore(name -> state.tensor(name).floats());
      history = History.of(state.metadata());
      return Long.parseLong(state.metadata().get("step"));
    }
  }

  private void save(BaseTrainer trainer, long step) throws IOException {
    SafetensorsWriter writer =
        history.into(new SafetensorsWriter()).metadata("step", Long.toString(step));
    trainer.state().forEach(t -> writer.add(t.name(), DType.F32, t.data(), t.shape()));
    replace(writer, work.resolve(STATE));
  }

  private void writeCheckpoint(BaseTrainer trainer, Path out) throws IOException {
    Files.createDirectories(out);
    SafetensorsWriter writer = history.into(new SafetensorsWriter()).metadata("format", "pt");
    trainer.checkpoint().forEach(t -> writer.add(t.name(), DType.BF16, t.data(), t.shape()));
    replace(writer, out.resolve("model.safetensors"));
    MoeConfigs.write(config, "bfloat16", out.resolve("config.json"));
  }

  private static void replace(SafetensorsWriter writer, Path file) throws IOException {
    Files.createDirectories(file.getParent());
    Path next = file.resolveSibling(file.getFileName() + ".next");
    writer.write(next);
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
