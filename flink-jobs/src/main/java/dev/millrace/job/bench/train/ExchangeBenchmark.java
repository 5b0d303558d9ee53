package dev.millrace.job.bench.train;

import dev.millrace.adapter.exchange.Call;
import dev.millrace.adapter.exchange.DataParallelTrainers;
import dev.millrace.adapter.exchange.ExchangeConfig;
import dev.millrace.adapter.exchange.LocalProcesses;
import dev.millrace.adapter.exchange.Order;
import dev.millrace.adapter.exchange.Processes;
import dev.millrace.adapter.exchange.Report;
import dev.millrace.adapter.exchange.Shape;
import dev.millrace.adapter.exchange.Trainee;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Terms;
import dev.millrace.adapter.train.TrainPrecision;
import dev.millrace.adapter.train.Trainer;
import dev.millrace.job.bench.measure.Benchmark;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.distil.StudentShape;
import dev.millrace.model.release.Routing;
import java.util.ArrayList;
import java.util.List;

/** What trainers of one adapter send each other: bytes against loss, and time over a slow link. */
public final class ExchangeBenchmark implements Benchmark {

  private static final int TRAINERS = 4;
  private static final int PROCESSES = 2;

  /** Of each trainer; all of them take so many from the same samples. */
  private static final int STEPS = 24;

  /** Of a lesson: 32 texts, as a batch of the learn job has. */
  private static final int LESSON = 4;

  /** What the link's processes use, as the learn job does by default. */
  static final ExchangeConfig SHIPPED = ExchangeConfig.defaults();

  private record Rung(String title, int processes, int steps, String codec) {}

  private static final List<Rung> RUNGS =
      List.of(
          new Rung("gradients, each step, flat", TRAINERS, 1, "dense"),
          new Rung("two levels", PROCESSES, 1, "dense"),
          new Rung("two levels, int8", PROCESSES, 1, "int8"),
          new Rung("two levels, int5", PROCESSES, 1, "int5"),
          new Rung("rounds of 2 steps, dense", PROCESSES, 2, "dense"),
          new Rung("rounds of 2 steps, int8", PROCESSES, 2, "int8"),
          new Rung("rounds of 2 steps, int5", PROCESSES, 2, "int5"),
          new Rung("rounds of 2 steps, int4", PROCESSES, 2, "int4"),
          new Rung("rounds of 2 steps, top 20 %", PROCESSES, 2, "topk:0.2"),
          new Rung("rounds of 2 steps, rank 1", PROCESSES, 2, "lowrank:1"),
          new Rung("rounds of 2 steps, sign", PROCESSES, 2, "sign"),
          new Rung("rounds of 4 steps, int5", PROCESSES, LESSON, "int5"));

  @Override
  public List<Table> run(Setting setting) throws Exception {
    return List.of(
        ladder(setting),
        ExchangeLink.table(setting),
        ExpertGroups.table(setting),
        ExpertSplit.table(setting));
  }

  private static Table ladder(Setting setting) throws Exception {
    int rows = STEPS * TRAINERS * ExchangeMaterial.ROWS;
    ExchangeMaterial material = ExchangeMaterial.read(setting.nano(), rows, setting.seed());
    Table table =
        Table.of(
            "%d trainers in %d processes, rank 8 on attention, %d texts learned by each way"
                .formatted(TRAINERS, PROCESSES, rows),
            "what crosses | KB there and back | fewer than the adapter's gradients | fewer than the model's | held-out loss | higher than with gradients %");
    try (BaseModel base = setting.base()) {
      AdapterState fresh = ExchangeMaterial.fresh(base, setting.seed());
      int values = Shape.of(fresh.weights()).size();
      double adapters = 2.0 * Float.BYTES * values * STEPS * TRAINERS;
      double models =
          2.0 * Float.BYTES * StudentShape.parameters(setting.nano()) * STEPS * TRAINERS;
      double before = material.loss(base, fresh);
      setting.progress().accept("dense gradients");
      double dense = material.loss(base, gradients(base, material, fresh, setting.seed()));
      table.row("nothing is learned", 0.0, "", "", before, rise(before, dense));
      table.row("gradients of the whole model", models / 1e3, adapters / models, 1.0, "", "");
      table.row("gradients of the adapter", adapters / 1e3, 1.0, models / adapters, dense, 0.0);
      for (Rung rung : RUNGS) {
        setting.progress().accept(rung.title);
        Counted counted = new Counted(means(base, rung), config(rung));
        double loss =
            material.loss(base, exchanged(counted, material, fresh, rung, setting.seed()));
        double bytes = counted.bytes;
        table.row(
            rung.title, bytes / 1e3, adapters / bytes, models / bytes, loss, rise(loss, dense));
        setting.tell("%.1f KB, loss %.4f, with gradients %.4f", bytes / 1e3, loss, dense);
      }
      return table
          .note(
              "Gradients of the adapter: %,d values in fp32 of every trainer at each of %d steps; the loss is that of one trainer who reads all texts. Loss: nats a token of %d texts of other documents. Lessons of %d steps."
                  .formatted(values, STEPS, material.heldOut().size(), LESSON))
          .note(
              "What a codec leaves out is sent later in the same lesson (error feedback). KB: what all processes send to the one that leads, and what it sends back to all. Beside that weights and moments cross where trainers do not stand at them, here once: %,d KB to each process."
                  .formatted(3L * Float.BYTES * values / 1000));
    }
  }

  private static double rise(double loss, double dense) {
    return 100 * (loss / dense - 1);
  }

  /** One trainer who reads what all trainers read. */
  private static AdapterState gradients(
      BaseModel base, ExchangeMaterial material, AdapterState fresh, long seed) {
    int rows = TRAINERS * ExchangeMaterial.ROWS;
    Trainer trainer = Trainer.of(base, ExchangeMaterial.config(rows), ExchangeMaterial.plan(2));
    AdapterState state = fresh;
    for (Lesson lesson : lessons(material, seed)) {
      state = trainer.train(state, lesson, Governor.none()).state();
    }
    return state;
  }

  private static List<Lesson> lessons(ExchangeMaterial material, long seed) {
    int rows = LESSON * TRAINERS * ExchangeMaterial.ROWS;
    List<Lesson> lessons = new ArrayList<>();
    for (int at = 0; at < material.train().size(); at += rows) {
      lessons.add(material.lesson(at, at + rows, seed + at));
    }
    return lessons;
  }

  private static ExchangeConfig config(Rung rung) {
    return new ExchangeConfig(
        rung.processes,
        TRAINERS / rung.processes,
        rung.steps,
        rung.codec,
        SHIPPED.patienceMillis());
  }

  private static Trainee.Means means(BaseModel base, Rung rung) {
    return new Trainee.Means(
        base,
        List.of(),
        ExchangeMaterial.config(ExchangeMaterial.ROWS),
        ExchangeMaterial.plan(2),
        rung.codec);
  }

  private static AdapterState exchanged(
      Counted processes, ExchangeMaterial material, AdapterState fresh, Rung rung, long seed) {
    DataParallelTrainers trainers =
        new DataParallelTrainers(config(rung), processes.means, processes);
    Routing routing = Routing.topK(processes.means.base().config().router().topK());
    Terms terms = new Terms("bench", routing, 1, TrainPrecision.FP32);
    AdapterState state = fresh;
    for (Lesson lesson : lessons(material, seed)) {
      state = trainers.train(state, lesson, terms, Governor.none()).state();
    }
    return state;
  }

  /** Processes here whose messages are counted. */
  private static final class Counted implements Processes {
    private final Trainee.Means means;
    private final LocalProcesses all;
    private long bytes;

    Counted(Trainee.Means means, ExchangeConfig config) {
      this.means = means;
      this.all = new LocalProcesses(means, config);
    }

    @Override
    public Call next() {
      return all.next();
    }

    @Override
    public List<Report> round(List<Order> orders, Governor governor) {
      orders.forEach(order -> bytes += order.message().length);
      List<Report> reports = all.round(orders, governor);
      reports.forEach(report -> bytes += report.message().length);
      return reports;
    }
  }
}
