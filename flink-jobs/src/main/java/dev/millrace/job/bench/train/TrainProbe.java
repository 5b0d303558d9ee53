package dev.millrace.job.bench.train;

import dev.millrace.job.bench.measure.ChildJvm;
import dev.millrace.job.bench.measure.Lap;
import dev.millrace.job.bench.measure.ResidentMemory;
import dev.millrace.model.djl.NativeHeap;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * What training took in a process of its own.
 *
 * @param opened bytes resident when the model was open, over those of a process with a tiny one
 * @param peak most bytes resident while it trained, over the same
 * @param cpuSeconds of all calls together, the least of three times
 */
record TrainProbe(double opened, double peak, double cpuSeconds) {

  private static final int TIMES = 3;

  /** Sequences of the call that loads what is loaded when it is first used. */
  private static final int FEW = 2;

  /**
   * How much garbage Java gathers before it looks, and what its collector's threads and its second
   * compiler take, is its own choice, and no need of training.
   */
  private static final List<String> SMALL_JAVA =
      List.of("-Xmn8m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

  /**
   * Starts the process, with this one's options and a small Java.
   *
   * @param calls at once, a thread each
   * @param rows sequences of each call
   */
  static TrainProbe of(TrainKind kind, Path folder, Path tiny, int calls, int rows, long seed)
      throws IOException {
    List<String> args =
        List.of(
            kind.name(),
            folder.toString(),
            tiny.toString(),
            Integer.toString(calls),
            Integer.toString(rows),
            Long.toString(seed));
    List<String> options = new ArrayList<>(ChildJvm.ownOptions());
    options.addAll(SMALL_JAVA);
    try (ChildJvm child = ChildJvm.start(TrainProbe.class, List.of(), options, args)) {
      double[] figures = ChildJvm.figures(child.answer());
      return new TrainProbe(figures[0], figures[1], figures[2]);
    }
  }

  /** The process: a kind, a checkpoint, a tiny checkpoint, calls, rows, a seed. */
  public static void main(String[] args) throws Exception {
    TrainKind kind = TrainKind.valueOf(args[0]);
    int calls = Integer.parseInt(args[3]);
    int rows = Integer.parseInt(args[4]);
    long seed = Long.parseLong(args[5]);
    ExecutorService threads = Executors.newFixedThreadPool(calls);
    try {
      try (TrainKind.Rig tiny = kind.open(Path.of(args[2]), seed)) {
        all(threads, tiny.step(calls, FEW, seed));
      }
      System.gc();
      NativeHeap.trim(); // what is free in it would count as there
      double idle = ResidentMemory.now();
      try (TrainKind.Rig rig = kind.open(Path.of(args[1]), seed)) {
        all(threads, rig.step(calls, FEW, seed));
        System.gc();
        double opened = ResidentMemory.now() - idle;
        ResidentMemory.forgetPeak();
        List<Callable<Double>> step = rig.step(calls, rows, seed);
        double least = Double.POSITIVE_INFINITY;
        for (int time = 0; time < TIMES; time++) {
          least = Math.min(least, Lap.of(0, () -> all(threads, step)).cpuSeconds());
        }
        double peak = ResidentMemory.peak() - idle;
        System.out.println(ChildJvm.ANSWER + opened + " " + peak + " " + least);
      }
    } finally {
      threads.shutdown();
    }
  }

  private static double all(ExecutorService threads, List<Callable<Double>> step) throws Exception {
    for (Future<Double> done : threads.invokeAll(step)) {
      done.get();
    }
    return step.size();
  }
}
