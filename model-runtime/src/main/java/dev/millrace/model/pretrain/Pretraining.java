package dev.millrace.model.pretrain;

import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.djl.BaseTrainer;
import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.Digest;
import dev.millrace.model.weights.Safetensors;
import dev.millrace.model.weights.SafetensorsWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Pre-trains a base on one stream of tokens. Step s sees the same windows whenever it runs, so a
 * run that stops resumes from its state file and goes the same way.
 */
public final class Pretraining {

  private static final String STATE = "state.safetensors";
  private static final String THRESHOLDS = "expert_thresholds";
  private static final String RUN = "run";

  /**
   * The recipe.
   *
   * @param steps how many steps in all
   * @param batch windows a micro-batch; a step takes two
   * @param time tokens a window
   * @param rates of learning
   * @param seed of weights and order
   */
  public record Plan(int steps, int batch, int time, Rates rates, Experts experts, long seed) {

    double rate(long step) {
      double decayFrom = Math.max(rates.warmup, rates.plateau * steps);
      if (step < rates.warmup) {
        return rates.peak * step / rates.warmup;
      }
      return step <= decayFrom
          ? rates.peak
          : rates.peak * (1 - 0.9 * (step - decayFrom) / (steps - decayFrom));
    }
  }

  /**
   * Learning rates: up, level, and linearly down to a tenth.
   *
   * @param warmup steps over which the rate rises from 0
   * @param plateau share of the steps before it decays
   */
  public record Rates(double peak, int warmup, double plateau) {}

  /**
   * How many experts tokens get.
   *
   * @param means number a token that the router's entropy gives out on average, window by window of
   *     a micro-batch; 0 for the top k
   * @param sharpness weight in the loss of the share of the router's scores that no expert took
   */
  public record Experts(List<Double> means, double sharpness) {

    boolean byEntropy() {
      return means.stream().anyMatch(mean -> mean > 0);
    }
  }

  /**
   * What a run goes on from.
   *
   * @param checkpoint its folder; empty where weights are drawn
   * @param history of it
   */
  public record Origin(String checkpoint, History history) {

    public static final Origin NONE = new Origin("", History.NONE);

    boolean fromCheckpoint() {
      return !checkpoint.isEmpty();
    }
  }

  /** What a run begins with. */
  @FunctionalInterface
  public interface Start {
    BaseTrainer open() throws IOException;
  }

  /**
   * A run that went on from a checkpoint, or from the state of one that did, or gave tokens as many
   * experts as the router's entropy says.
   *
   * @param from steps that were done before it since the checkpoint; 0 for a run from one
   * @param planned steps that its rates were for
   */
  public record Leg(int from, int planned, Experts experts) {

    private static Leg of(String text) {
      String[] parts = text.split("/", 4);
      List<Double> means = Arrays.stream(parts[2].split(" ")).map(Double::valueOf).toList();
      return new Leg(
          Integer.parseInt(parts[0]),
          Integer.parseInt(parts[1]),
          new Experts(means, Double.parseDouble(parts[3])));
    }

    private String text() {
      String means = experts.means.stream().map(String::valueOf).collect(Collectors.joining(" "));
      return from + "/" + planned + "/" + means + "/" + experts.sharpness;
    }
  }

  /**
   * What led to a checkpoint.
   *
   * @param legs the steps that each run was planned for, the last one's at the end: the rate decays
   *     at the end of each
   * @param later the runs that went on from there
   * @param seconds spent in steps
   */
  public record History(List<Integer> legs, List<Leg> later, double seconds) {

    private static final String LEGS = "legs";
    private static final String LATER = "entropy_legs"; // as nano has it
    private static final String SECONDS = "seconds";

    public static final History NONE = new History(List.of(), List.of(), 0);

    /** Reads the history that a state file or a checkpoint carries. */
    public static History of(Map<String, String> metadata) {
      return new History(
          read(metadata, LEGS, Integer::valueOf),
          read(metadata, LATER, Leg::of),
          Double.parseDouble(metadata.getOrDefault(SECONDS, "0")));
    }

    private static <T> List<T> read(
        Map<String, String> metadata, String key, Function<String, T> each) {
      String text = metadata.getOrDefault(key, "");
      return text.isEmpty() ? List.of() : Arrays.stream(text.split(",")).map(each).toList();
    }

    /** Steps that led to the weights: those from each checkpoint, of its last run. */
    public int steps() {
      int before = 0;
      int all = legs.isEmpty() ? 0 : legs.get(legs.size() - 1);
      for (Leg leg : later) {
        before = leg.from == 0 ? all : before;
        all = before + leg.planned;
      }
      return all;
    }

    /**
     * With the run that begins.
     *
     * @param done its steps that the state file holds
     */
    private History begin(Plan plan, long done, boolean fromCheckpoint) {
      if (!fromCheckpoint && !plan.experts.byEntropy() && later.isEmpty()) {
        boolean goesOn = !legs.isEmpty() && legs.get(legs.size() - 1) == plan.steps;
        return goesOn ? this : new History(with(legs, plan.steps), later, seconds);
      }
      Leg last = later.isEmpty() ? null : later.get(later.size() - 1);
      boolean goesOn =
          done > 0
              && last != null
              && last.planned == plan.steps
              && last.experts.equals(plan.experts);
      Leg leg = new Leg(Math.toIntExact(done), plan.steps, plan.experts);
      return goesOn ? this : new History(legs, with(later, leg), seconds);
    }

    /** With the last run, which has ended, planned for the steps that it took. */
    private History end(int steps) {
      if (later.isEmpty()) {
        return legs.isEmpty() ? this : new History(with(butLast(legs), steps), later, seconds);
      }
      Leg last = later.get(later.size() - 1);
      Leg leg = new Leg(last.from, steps, last.experts);
      return new History(legs, with(butLast(later), leg), seconds);
    }

    private static <T> List<T> butLast(List<T> legs) {
      return legs.subList(0, legs.size() - 1);
    }

    private static <T> List<T> with(List<T> legs, T leg) {
      List<T> longer = new ArrayList<>(legs);
      longer.add(leg);
      return List.copyOf(longer);
    }

    private History plus(double more) {
      return new History(legs, later, seconds + more);
    }

    private SafetensorsWriter writer() {
      return new SafetensorsWriter()
          .metadata(LEGS, legs.stream().map(String::valueOf).collect(Collectors.joining(",")))
          .metadata(LATER, later.stream().map(Leg::text).collect(Collectors.joining(",")))
          .metadata(SECONDS, String.format(Locale.ROOT, "%.0f", seconds));
    }
  }

  /** What a step did. */
  public record Progress(long step, BaseTrainer.Step result, double rate, double tokensPerSecond) {}

  private final MoeConfig config;
  private final Plan plan;
  private final Windows windows;
  private final Path work;
  private final String run;
  private final boolean fromCheckpoint;
  private History history;
  private ExpertThresholds thresholds = ExpertThresholds.of("");

  /**
   * @param stream token ids of the training documents, end to end
   * @param work folder of the state file
   */
  public Pretraining(MoeConfig config, Plan plan, int[] stream, Path work, Origin origin) {
    this.config = config;
    this.plan = plan;
    this.windows = new Windows(stream, plan.batch, plan.time, plan.seed);
    this.work = work;
    this.run = name(origin);
    this.fromCheckpoint = origin.fromCheckpoint();
    this.history = origin.history;
  }

  /** Steps and experts are no part of it: a run may go on with others. */
  private String name(Origin origin) {
    byte[] shape = config.toString().getBytes(StandardCharsets.UTF_8);
    return "%d windows of %d tokens of %s, shape %s, seed %d, %s, from %s"
        .formatted(
            plan.batch,
            plan.time,
            windows.digest().substring(0, 16),
            Digest.sha256(shape).substring(0, 16),
            plan.seed,
            plan.rates,
            origin.fromCheckpoint() ? origin.checkpoint : "no checkpoint");
  }

  /**
   * Runs to the plan's last step, from the state file where there is one. A run that was cut off
   * behind its last step writes its checkpoint.
   *
   * @param start what to begin with, before the state is put back
   * @param saveEvery steps between two state files
   * @param out the checkpoint folder: config.json and model.safetensors, written behind every state
   * @throws IllegalStateException if that is of another run or beyond the plan's last step, or a
   *     loss or a gradient is not finite
   */
  public void run(Start start, int saveEvery, Path out, Consumer<Progress> progress)
      throws IOException {
    if (saveEvery < 1) {
      throw new IllegalArgumentException("saveEvery " + saveEvery + ", expected 1 or more");
    }
    try (BaseTrainer trainer = start.open()) {
      long done = resume(trainer);
      if (done > plan.steps) {
        throw new IllegalStateException(
            "%s: state has %d steps, expected at most %d"
                .formatted(work.resolve(STATE), done, plan.steps));
      }
      history =
          done < plan.steps ? history.begin(plan, done, fromCheckpoint) : history.end(plan.steps);
      for (long step = done + 1; step <= plan.steps; step++) {
        long started = System.nanoTime();
        int[][][] rows = windows.of(step);
        BaseTrainer.Routes routes =
            new BaseTrainer.Routes(thresholds.rows(plan.experts.means), plan.experts.sharpness);
        BaseTrainer.Step result = trainer.step(rows[0], rows[1], routes, plan.rate(step), step);
        thresholds.adjust(plan.experts.means, result.experts());
        double seconds = (System.nanoTime() - started) / 1e9;
        history = history.plus(seconds);
        progress.accept(
            new Progress(step, result, plan.rate(step), 2.0 * plan.batch * plan.time / seconds));
        if (!Double.isFinite(result.loss() + result.gradientNorm())) {
          throw new IllegalStateException(
              "loss %s, gradient norm %s at step %d, expected finite numbers"
                  .formatted(result.loss(), result.gradientNorm(), step));
        }
        if (step == plan.steps) {
          save(trainer, step);
        } else if (step % saveEvery == 0) {
          save(trainer, step);
          writeCheckpoint(trainer, out);
        }
      }
      writeCheckpoint(trainer, out);
    }
  }

  private long resume(BaseTrainer trainer) throws IOException {
    Path file = work.resolve(STATE);
    if (!Files.exists(file)) {
      return 0;
    }
    try (Safetensors state = Safetensors.open(file)) {
      String found = state.metadata().getOrDefault(RUN, "a run that it does not name");
      if (!found.equals(run)) {
        throw new IllegalStateException(
            "%s is of %s, expected %s; choose another folder".formatted(file, found, run));
      }
      trainer.restore(name -> state.tensor(name).floats());
      history = History.of(state.metadata());
      thresholds = ExpertThresholds.of(state.metadata().getOrDefault(THRESHOLDS, ""));
      return Long.parseLong(state.metadata().get("step"));
    }
  }

  private void save(BaseTrainer trainer, long step) throws IOException {
    SafetensorsWriter writer =
        history
            .writer()
            .metadata(RUN, run)
            .metadata("step", Long.toString(step))
            .metadata(THRESHOLDS, thresholds.toString());
    trainer.state().forEach(t -> writer.add(t.name(), DType.F32, t.data(), t.shape()));
    write(writer, work.resolve(STATE));
  }

  private void writeCheckpoint(BaseTrainer trainer, Path out) throws IOException {
    Files.createDirectories(out);
    SafetensorsWriter writer = history.writer().metadata("format", "pt");
    trainer.checkpoint().forEach(t -> writer.add(t.name(), DType.BF16, t.data(), t.shape()));
    write(writer, out.resolve("model.safetensors"));
    MoeConfigs.write(config, "bfloat16", out.resolve("config.json"));
  }

  private static void write(SafetensorsWriter writer, Path file) throws IOException {
    Files.createDirectories(file.getParent());
    writer.write(file);
  }
}
