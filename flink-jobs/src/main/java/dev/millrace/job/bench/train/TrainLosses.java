package dev.millrace.job.bench.train;

import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Plan;
import dev.millrace.adapter.train.PrecisionTrial;
import dev.millrace.adapter.train.Span;
import dev.millrace.adapter.train.StepLog;
import dev.millrace.adapter.train.TrainConfig;
import dev.millrace.adapter.train.TrainPrecision;
import dev.millrace.adapter.train.Trainer;
import dev.millrace.adapter.train.Training;
import dev.millrace.job.bench.measure.Contestant;
import dev.millrace.job.bench.measure.Lap;
import dev.millrace.job.bench.measure.Race;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.model.adapter.AdapterPlan;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Gradients;
import dev.millrace.model.base.Recompute;
import dev.millrace.model.base.WeightedSequence;
import dev.millrace.model.djl.BaseTrainer;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.LoopedTraining;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.kinds.AdapterKinds;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.schema.Origin;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Loss after equal tokens of a domain that nano has not seen, in each precision. */
final class TrainLosses {

  private static final String DOMAIN = ExchangeMaterial.DOMAIN;
  private static final int ROWS = 8;
  private static final int STEPS = 24;
  private static final int LAST = 5;
  private static final double FULL_RATE = 3e-4;
  private static final List<TrainPrecision> PRECISIONS =
      List.of(TrainPrecision.FP32, TrainPrecision.BF16, TrainPrecision.ADAPTIVE);

  private TrainLosses() {}

  /** One whole run of a trainer, again and again from the same beginning. */
  private static final class Run implements Contestant {
    private final String name;
    private final Trainer trainer;
    private final AdapterState before;
    private final Lesson lesson;
    private @Nullable Training last;

    Run(
        String name,
        BaseModel base,
        TrainPrecision precision,
        AdapterWeights adapter,
        Lesson lesson) {
      this.name = name;
      this.lesson = lesson;
      trainer = Trainer.of(base, config(), plan(precision));
      before = AdapterState.fresh(adapter);
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public Lap lap() throws Exception {
      return Lap.of(
          0,
          () -> {
            last = trainer.train(before, lesson, Governor.none());
            return last.tokens();
          });
    }

    StepLog log() {
      if (last == null || !last.trouble().isEmpty()) {
        throw new IllegalStateException(name + ": " + last);
      }
      return last.log();
    }

    int values() {
      return before.weights().factors().stream().mapToInt(f -> f.values().length).sum();
    }
  }

  static Table table(Setting setting) throws Exception {
    List<int[]> texts = texts(setting);
    Lesson lesson = new Lesson(samples(texts), List.of(), List.of(), setting.seed());
    Table table =
        Table.of(
            "nano on %s, rank 8 on attention, %d steps of %d texts, %d tokens"
                .formatted(DOMAIN, STEPS, ROWS, texts.stream().mapToInt(text -> text.length).sum()),
            "training | loss of the last "
                + LAST
                + " steps | furthest from fp32's at any step, % | steps in bf16, % | switches | tokens/s by CPU time | faster than fp32 by CPU time (95 %)");
    PrecisionTrial trial;
    try (BaseModel base = setting.base()) {
      List<Run> runs = new ArrayList<>();
      AdapterWeights adapter = LoraWeights.initial(TrainKind.LORA, base.sites(), setting.seed());
      for (TrainPrecision precision : PRECISIONS) {
        runs.add(new Run(precision.name(), base, precision, adapter, lesson));
      }
      Plan asked = plan(TrainPrecision.ADAPTIVE);
      trial = PrecisionTrial.of(base, adapter, config(), asked, texts);
      setting.progress().accept("nano: whole runs in each precision");
      Race race = Race.run(setting.rounds(), runs);
      List<Double> fp32 = runs.get(0).log().losses();
      for (Run run : runs) {
        StepLog log = run.log();
        table.row(
            run.name(),
            lastLosses(log.losses()),
            100 * furthest(fp32, log.losses()),
            100.0 * log.bf16Steps() / STEPS,
            switches(log),
            2 * race.cpuRate(run.name()),
            race.cpuRatio(run.name(), runs.get(0).name()));
      }
    }
    setting.progress().accept("nano: the loop and full fine-tuning");
    double looped = lastLosses(looped(setting.nano(), texts, setting.seed()));
    double full = lastLosses(full(setting.nano(), texts));
    return table
        .row(TrainKind.LOOPED.title(), looped, "", "", "", "", "")
        .row(TrainKind.FULL.title(), full, "", "", "", "", "")
        .note(
            "Every run begins at the same weights and sees the same texts. Full fine-tuning: AdamW at %s, its rate not tuned further; adapters at the rate that the demo has. The loop trains against the weights as they are, adapters against the integers that serve."
                .formatted(FULL_RATE))
        .note(
            "ADAPTIVE here by the norms of gradients alone. A job that is asked for it decides when it starts: %s, so %s."
                .formatted(trial, trial.decision()));
  }

  /** Losses of another base after equal tokens: of adapters, of the loop, of all its weights. */
  static Table of(Setting setting, String title, Path folder) throws Exception {
    List<int[]> texts = texts(setting);
    Lesson lesson = new Lesson(samples(texts), List.of(), List.of(), setting.seed());
    Table table =
        Table.of(
            "%s on %s, rank 8 on attention, %d steps of %d texts"
                .formatted(title, DOMAIN, STEPS, ROWS),
            "training | loss of the last " + LAST + " steps");
    setting.progress().accept(title + ": losses after equal tokens");
    try (BaseModel base = DjlModels.open(folder, Precision.INT8)) {
      AdapterWeights adapter = LoraWeights.initial(TrainKind.LORA, base.sites(), setting.seed());
      Run run = new Run(TrainKind.FP32.title(), base, TrainPrecision.FP32, adapter, lesson);
      run.lap();
      table.row(run.name(), lastLosses(run.log().losses()));
    }
    table.row(TrainKind.LOOPED.title(), lastLosses(looped(folder, texts, setting.seed())));
    table.row(TrainKind.FULL.title(), lastLosses(full(folder, texts)));
    return table.note("From random weights; rates as in the table of nano. One run of each.");
  }

  /** What each kind of adapter, where, and of which rank, learns from equal texts. */
  static Table adapters(Setting setting) throws Exception {
    List<int[]> texts = texts(setting);
    Lesson lesson = new Lesson(samples(texts), List.of(), List.of(), setting.seed());
    Table table =
        Table.of(
            "nano on %s, adapters in fp32, %d steps of %d texts".formatted(DOMAIN, STEPS, ROWS),
            "adapter | values | loss of the first step | loss of the last "
                + LAST
                + " steps | processor time / the first row's (95 %)");
    try (BaseModel base = setting.base()) {
      List<Run> runs = new ArrayList<>();
      for (int rank : new int[] {8, 32}) {
        runs.add(run(base, "lora", rank, false, lesson, setting.seed()));
      }
      for (int rank : new int[] {2, 8}) {
        runs.add(run(base, "lora", rank, true, lesson, setting.seed()));
      }
      runs.add(run(base, "injection", 8, false, lesson, setting.seed()));
      setting.progress().accept("nano: whole runs of each adapter");
      Race race = Race.run(setting.rounds(), runs);
      for (Run run : runs) {
        List<Double> losses = run.log().losses();
        table.row(
            run.name(),
            run.values(),
            losses.get(0),
            lastLosses(losses),
            race.cpuRatio(runs.get(0).name(), run.name()));
      }
    }
    return table.note(
        "Every text is new when it is learned from, so a loss is that of unseen text. alpha is"
            + " twice the rank; the rate is the demo's for all.");
  }

  private static Run run(
      BaseModel base, String kind, int rank, boolean routedExperts, Lesson lesson, long seed) {
    String name =
        "%s, rank %d%s".formatted(kind, rank, routedExperts ? ", routed experts too" : "");
    AdapterPlan plan = new AdapterPlan(rank, 2.0 * rank, routedExperts);
    AdapterWeights adapter = AdapterKinds.named(kind).initial(plan, base.sites(), seed);
    return new Run(name, base, TrainPrecision.FP32, adapter, lesson);
  }

  private static String switches(StepLog log) {
    return String.join(", ", log.switches().stream().map(s -> s.to() + " at " + s.step()).toList());
  }

  private static double lastLosses(List<Double> losses) {
    return losses.subList(losses.size() - LAST, losses.size()).stream()
        .mapToDouble(Double::doubleValue)
        .average()
        .orElseThrow();
  }

  private static double furthest(List<Double> one, List<Double> other) {
    double furthest = 0;
    for (int i = 0; i < one.size(); i++) {
      furthest = Math.max(furthest, Math.abs(other.get(i) / one.get(i) - 1));
    }
    return furthest;
  }

  private static Plan plan(TrainPrecision precision) {
    return new Plan("cpu", precision, Recompute.NOTHING, 2, 2L << 30);
  }

  private static TrainConfig config() {
    return TrainConfig.defaults().toBuilder()
        .epochs(1)
        .rowsPerStep(ROWS)
        .replayShare(0)
        .anchorShare(0)
        .build();
  }

  private static List<int[]> texts(Setting setting) throws IOException {
    return ExchangeMaterial.texts(
        setting.nano(), ROWS * STEPS, 16, TrainKind.LENGTH + 1, setting.seed());
  }

  private static List<Remembered> samples(List<int[]> texts) {
    List<Remembered> samples = new ArrayList<>();
    for (int[] text : texts) {
      int n = samples.size();
      samples.add(new Remembered("s" + n, new Origin("t", 0, n), text));
    }
    return samples;
  }

  /** By the plain loop's gradients, and AdamW's step along the mean of each. */
  private static List<Double> looped(Path folder, List<int[]> texts, long seed) throws IOException {
    List<Double> losses = new ArrayList<>();
    try (LoopedTraining loop = LoopedTraining.open(folder)) {
      AdapterState state =
          AdapterState.fresh(LoraWeights.initial(TrainKind.LORA, loop.sites(), seed));
      for (int from = 0; from + ROWS <= texts.size(); from += ROWS) {
        List<WeightedSequence> rows =
            texts.subList(from, from + ROWS).stream()
                .map(text -> new WeightedSequence(text, 1))
                .toList();
        Gradients found = loop.gradients(state.weights(), rows);
        int step = losses.size();
        losses.add(found.loss() / found.weight());
        state = Trainer.follow(config(), state, clipped(found), new Span(step, step + 1, STEPS));
      }
    }
    return losses;
  }

  /** (parameters): the mean gradient of a token, no longer than a trainer lets it be. */
  private static float[] clipped(Gradients found) {
    double squares = 0;
    int n = 0;
    for (float[] values : found.factors()) {
      for (float value : values) {
        squares += (double) value * value;
      }
      n += values.length;
    }
    double norm = Math.sqrt(squares) / found.weight();
    double scale = Math.min(1, config().clipNorm() / norm) / found.weight();
    float[] clipped = new float[n];
    int at = 0;
    for (float[] values : found.factors()) {
      for (float value : values) {
        clipped[at++] = (float) (scale * value);
      }
    }
    return clipped;
  }

  private static List<Double> full(Path folder, List<int[]> texts) throws IOException {
    List<Double> losses = new ArrayList<>();
    try (BaseTrainer trainer = BaseTrainer.of(folder)) {
      for (int from = 0; from + ROWS <= texts.size(); from += ROWS) {
        int[][] left = texts.subList(from, from + ROWS / 2).toArray(int[][]::new);
        int[][] right = texts.subList(from + ROWS / 2, from + ROWS).toArray(int[][]::new);
        losses.add(
            trainer.step(left, right, TrainKind.routes(ROWS), FULL_RATE, losses.size() + 1).loss());
      }
    }
    return losses;
  }
}
