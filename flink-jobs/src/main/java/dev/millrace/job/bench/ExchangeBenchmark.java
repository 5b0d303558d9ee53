package dev.millrace.job.bench;

import dev.millrace.adapter.exchange.Codecs;
import dev.millrace.adapter.exchange.DataParallel;
import dev.millrace.adapter.exchange.Exchange;
import dev.millrace.adapter.exchange.Shape;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.distil.StudentShape;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import java.util.ArrayList;
import java.util.List;

/** What trainers of one adapter send each other: bytes against loss, and time over a slow link. */
final class ExchangeBenchmark implements Benchmark {

  private static final int TRAINERS = 4;
  private static final int PROCESSES = 2;

  /** Of each trainer; all of them take so many from the same samples. */
  private static final int STEPS = 24;

  /** What the link's processes use. */
  static final String CODEC = "sign";

  static final int LOCAL_STEPS = 4;

  private record Rung(String title, int processes, int localSteps, String codec) {}

  private static final List<Rung> RUNGS =
      List.of(
          new Rung("dense updates, each step, flat", TRAINERS, 1, "dense"),
          new Rung("two levels", PROCESSES, 1, "dense"),
          new Rung("two levels, rounds of 4 steps", PROCESSES, LOCAL_STEPS, "dense"),
          new Rung("the same, int8", PROCESSES, LOCAL_STEPS, "int8"),
          new Rung("the same, rank 1", PROCESSES, LOCAL_STEPS, "lowrank:1"),
          new Rung("the same, top 5 %", PROCESSES, LOCAL_STEPS, "topk:0.05"),
          new Rung("the same, top 1 %", PROCESSES, LOCAL_STEPS, "topk:0.01"),
          new Rung("the same, sign", PROCESSES, LOCAL_STEPS, "sign"),
          new Rung("sign, rounds of 8 steps", PROCESSES, 2 * LOCAL_STEPS, "sign"));

  @Override
  public String name() {
    return "exchange";
  }

  @Override
  public String summary() {
    return "trainers of one adapter: bytes that cross against loss, and time over a slow link";
  }

  @Override
  public List<Table> run(Setting setting) throws Exception {
    return List.of(ladder(setting), ExchangeLink.table(setting), ExpertGroups.table(setting));
  }

  private static Table ladder(Setting setting) throws Exception {
    int rows = STEPS * TRAINERS * ExchangeMaterial.ROWS;
    ExchangeMaterial material = ExchangeMaterial.read(setting.nano(), rows, setting.seed());
    Table table =
        new Table(
            "%d trainers in %d processes, rank 8 on attention, %d texts learned by each way"
                .formatted(TRAINERS, PROCESSES, rows),
            "what crosses",
            "KB sent in all",
            "fewer than the adapter's gradients",
            "fewer than the model's",
            "held-out loss",
            "higher than with gradients %");
    try (BaseModel base = DjlModels.open(setting.nano(), Precision.INT8)) {
      AdapterState fresh = ExchangeMaterial.fresh(base, setting.seed());
      int values = Shape.of(fresh.weights()).size();
      double adapters = (double) Float.BYTES * values * STEPS * TRAINERS;
      double models =
          (double) Float.BYTES * StudentShape.parameters(setting.nano()) * STEPS * TRAINERS;
      double before = material.loss(base, fresh);
      setting.progress().accept("dense gradients");
      double dense = material.loss(base, gradients(base, material, fresh, setting.seed()));
      table.row("nothing is learned", 0.0, "", "", before, 100 * (before / dense - 1));
      table.row("gradients of the whole model", models / 1e3, adapters / models, 1.0, "", "");
      table.row("gradients of the adapter", adapters / 1e3, 1.0, models / adapters, dense, 0.0);
      for (Rung rung : RUNGS) {
        setting.progress().accept(rung.title);
        long[] bytes = {0};
        double loss =
            material.loss(base, exchanged(base, material, fresh, rung, setting.seed(), bytes));
        table.row(
            rung.title,
            bytes[0] / 1e3,
            adapters / bytes[0],
            models / bytes[0],
            loss,
            100 * (loss / dense - 1));
        setting
            .progress()
            .accept(
                "%.1f KB, loss %.4f, with gradients %.4f".formatted(bytes[0] / 1e3, loss, dense));
      }
      return table
          .note(
              "Gradients: every trainer sends %,d values in fp32 at each of %d steps, and all take one step along their mean. Loss: nats a token of %d texts of other documents."
                  .formatted(values, STEPS, material.heldOut().size()))
          .note(
              "What a codec leaves out is kept and sent later (error feedback). KB: what all senders together hand to the network, once each.");
    }
  }

  /** One optimizer on the mean of all gradients: what exchanging dense gradients computes. */
  private static AdapterState gradients(
      BaseModel base, ExchangeMaterial material, AdapterState fresh, long seed) {
    int rows = TRAINERS * ExchangeMaterial.ROWS;
    AdapterState state = fresh;
    for (int step = 0; step < STEPS; step++) {
      Lesson lesson = material.lesson(step * rows, (step + 1) * rows, seed);
      state = ExchangeMaterial.trainer(base, rows, 2).train(state, lesson, Governor.none()).state();
    }
    return state;
  }

  private static AdapterState exchanged(
      BaseModel base,
      ExchangeMaterial material,
      AdapterState fresh,
      Rung rung,
      long seed,
      long[] bytes) {
    Exchange exchange = new Exchange(Codecs.named(rung.codec), Shape.of(fresh.weights()));
    DataParallel parallel =
        new DataParallel(
            ExchangeMaterial.trainer(base, ExchangeMaterial.ROWS, 2),
            exchange,
            rung.processes,
            TRAINERS / rung.processes);
    DataParallel.State state = parallel.begin(fresh);
    int each = rung.localSteps * ExchangeMaterial.ROWS;
    for (int at = 0; at < material.train().size(); at += TRAINERS * each) {
      List<Lesson> lessons = new ArrayList<>();
      for (int t = 0; t < TRAINERS; t++) {
        lessons.add(material.lesson(at + t * each, at + (t + 1) * each, seed));
      }
      DataParallel.Round round = parallel.round(state, lessons, Governor.none());
      state = round.state();
      round.bytes().forEach(n -> bytes[0] += n);
    }
    return state.trainers().get(0);
  }
}
