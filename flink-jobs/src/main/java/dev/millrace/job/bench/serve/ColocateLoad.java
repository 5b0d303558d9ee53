package dev.millrace.job.bench.serve;

import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Trainer;
import dev.millrace.job.bench.measure.Jit;
import dev.millrace.job.bench.train.ExchangeMaterial;
import dev.millrace.job.operator.Courtesy;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Foreground;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;

/** Requests to nano, and lessons of an adapter of it, in one process. */
final class ColocateLoad implements AutoCloseable {

  private static final int ROWS = 16;
  private static final int LESSONS = 8;
  private static final double NANOS = 1e9;

  private final BaseModel base;
  private final SoakLoad requests;
  private final ExchangeMaterial material;
  private final Trainer trainer;
  private int asked;

  ColocateLoad(Path nano, long seed) throws IOException {
    base = DjlModels.open(nano, Precision.INT8);
    requests = new SoakLoad(nano, seed);
    material = ExchangeMaterial.read(nano, ROWS * LESSONS, seed);
    trainer = Trainer.of(base, ExchangeMaterial.config(ROWS), ExchangeMaterial.plan(2));
  }

  /** Answers and trains until the JIT has little left to compile, or so often. */
  void warmUp(double perSecond, double seconds, int most) {
    Jit jit = new Jit();
    double compiling = 1;
    for (int i = 0; i < most && compiling > Jit.CALM; i++) {
      var training = train(new Courtesy(0, 0), seconds);
      answers(perSecond, seconds);
      training.join();
      compiling = jit.share();
    }
  }

  /**
   * An answer that was due.
   *
   * @param millis from when its request was due
   * @param cpuMillis of the thread that answers
   */
  record Timed(double millis, double cpuMillis) {}

  /** Asks at a steady rate. */
  List<Timed> answers(double perSecond, double seconds) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    List<Timed> answers = new ArrayList<>();
    long start = System.nanoTime();
    for (int i = 0; i < perSecond * seconds; i++) {
      long due = start + Math.round(i / perSecond * NANOS);
      while (due - System.nanoTime() > 0) {
        LockSupport.parkNanos(due - System.nanoTime());
      }
      long cpu = threads.getCurrentThreadCpuTime();
      requests.askOne(asked++);
      answers.add(
          new Timed(
              (System.nanoTime() - due) / 1e6, (threads.getCurrentThreadCpuTime() - cpu) / 1e6));
      Foreground.ofProcess().giveBack(); // as a server does before it waits
    }
    return answers;
  }

  /** Trains for so long, on a thread of its own that gives way as told; tokens a second. */
  CompletableFuture<Double> train(Courtesy courtesy, double seconds) {
    Executor own = work -> new Thread(work, "colocate-train").start();
    return CompletableFuture.supplyAsync(
        () -> {
          courtesy.adopt();
          return trained(courtesy, seconds);
        },
        own);
  }

  private double trained(Courtesy courtesy, double seconds) {
    long start = System.nanoTime();
    long end = start + Math.round(seconds * NANOS);
    AdapterState state = ExchangeMaterial.fresh(base, 1);
    Governor governor = courtesy.governor(() -> System.nanoTime() - end < 0);
    long tokens = 0;
    long last = start;
    try {
      for (int lesson = 0; ; lesson = (lesson + 1) % LESSONS) {
        var training =
            trainer.train(state, material.lesson(lesson * ROWS, (lesson + 1) * ROWS, 1), governor);
        state = training.state();
        tokens += training.tokens();
        last = System.nanoTime();
      }
    } catch (CancellationException e) {
      return tokens == 0
          ? 0
          : tokens / ((last - start) / NANOS); // what was given up does not count
    }
  }

  @Override
  public void close() {
    requests.close();
    base.close();
  }
}
