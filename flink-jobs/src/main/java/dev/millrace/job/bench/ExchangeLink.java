package dev.millrace.job.bench;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Two processes of two trainers each over a link of a given speed: how long they communicate. */
final class ExchangeLink {

  private static final int STEPS = 8;
  private static final double FLAT_SHARE = 0.35;

  private ExchangeLink() {}

  /** What both processes measured in a run of {@link #STEPS} steps. */
  private record Times(double compute, double exchange, double bytes) {
    double share() {
      return exchange / (compute + exchange);
    }
  }

  static Table table(Setting setting) throws Exception {
    Table table =
        Table.of(
            "Two processes of two trainers, over a link",
            "link Mbit/s each way | flat, dense: %% of the time in exchange | two levels, %s, rounds of %d: %% | KB a step, flat | KB a step, ours | compute ms a step"
                .formatted(ExchangeBenchmark.SHIPPED.codec(), ExchangeBenchmark.SHIPPED.steps()));
    List<String> options = ChildJvm.ownOptions();
    try (ChildJvm far = ChildJvm.start(ExchangeProbe.class, List.of(), options, args(setting, 1))) {
      int port = Integer.parseInt(far.answer());
      try (Throttle link = Throttle.before(port);
          ChildJvm near =
              ChildJvm.start(ExchangeProbe.class, List.of(), options, args(setting, 0))) {
        near.ask("connect " + link.port());
        setting.progress().accept("an unlimited link");
        run(near, far, "flat");
        Times free = run(near, far, "flat");
        double flatSpeed =
            free.bytes / STEPS / (free.compute / STEPS * FLAT_SHARE / (1 - FLAT_SHARE));
        for (double times : new double[] {0.25, 1, 4}) {
          link.speed(times * flatSpeed);
          double megabits = 8e-6 * times * flatSpeed;
          setting.tell("a link of %.3g Mbit/s", megabits);
          Times flat = run(near, far, "flat");
          Times ours = run(near, far, "ours");
          setting.tell(
              "flat %.1f %% of the time, ours %.1f %%", 100 * flat.share(), 100 * ours.share());
          table.row(
              megabits,
              100 * flat.share(),
              100 * ours.share(),
              flat.bytes / STEPS / 1e3,
              ours.bytes / STEPS / 1e3,
              1e3 * (flat.compute + ours.compute) / (2 * STEPS));
        }
      }
    }
    return table
        .note(
            "Speeds: that at which flat exchange should take %.0f %% of the time, by its bytes and the compute time of a run without limit, a quarter and four times that."
                .formatted(100 * FLAT_SHARE))
        .note(
            "Processes on this machine, a proxy that paces each direction between them. Exchange: from when both have computed to when both have the mean; waiting for the slower one is in neither. Each process computes on one thread.");
  }

  private static List<String> args(Setting setting, int index) {
    return List.of(
        setting.nano().toString(), Integer.toString(index), Long.toString(setting.seed()));
  }

  private static Times run(ChildJvm near, ChildJvm far, String how) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      Callable<String> one = () -> near.ask(how + " " + STEPS);
      Callable<String> two = () -> far.ask(how + " " + STEPS);
      double[] sum = new double[3];
      for (Future<String> answer : threads.invokeAll(List.of(one, two))) {
        double[] figures = ChildJvm.figures(answer.get());
        Arrays.setAll(sum, i -> sum[i] + figures[i] / 2);
      }
      return new Times(sum[0], sum[1], sum[2]);
    } finally {
      threads.shutdown();
    }
  }
}
