package dev.millrace.job.bench;

import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Trainer;
import dev.millrace.job.operator.Courtesy;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.schema.Answer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

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

  private ColocateLoad(Path nano, long seed) throws IOException {
    base = DjlModels.open(nano, Precision.INT8);
    requests = SoakLoad.open(nano, seed);
    material = ExchangeMaterial.read(nano, ROWS * LESSONS, seed);
    trainer = Trainer.of(base, ExchangeMaterial.config(ROWS), ExchangeMaterial.plan(2));
  }

  static ColocateLoad open(Path nano, long seed) throws IOException {
    return new ColocateLoad(nano, seed);
  }

  /** What one request costs when nothing else runs. */
  double cpuSecondsARequest(int warmUp) throws Exception {
    for (int i = 0; i < warmUp; i++) {
      ask();
    }
    Lap lap =
        Lap.ofThisThread(
            1,
            () -> {
              ask();
              return 1;
            });
    return lap.cpuSeconds() / lap.units();
  }

  private void ask() {
    Answer answer = requests.one(asked++);
    if (answer.error() != null) {
      throw new IllegalStateException(answer.error());
    }
  }

  /** Asks at a steady rate; microseconds from when each request was due to its answer. */
  Histogram answers(double perSecond, double seconds) {
    Histogram micros = new Histogram(LatencyLap.DIGITS);
    long start = System.nanoTime();
    for (int i = 0; i < perSecond * seconds; i++) {
      long due = start + Math.round(i / perSecond * NANOS);
      while (due - System.nanoTime() > 0) {
        LockSupport.parkNanos(due - System.nanoTime());
      }
      ask();
      micros.recordValue((System.nanoTime() - due) / 1000);
    }
    return micros;
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
      return tokens / ((last - start) / NANOS); // the lesson that was given up does not count
    }
  }

  @Override
  public void close() {
    requests.close();
    base.close();
  }
}
