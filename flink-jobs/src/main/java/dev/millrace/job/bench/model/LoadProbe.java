package dev.millrace.job.bench.model;

import dev.millrace.job.bench.measure.ChildJvm;
import dev.millrace.job.bench.measure.ResidentMemory;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.NativeHeap;
import dev.millrace.model.djl.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * What opening a base took in a process of its own.
 *
 * @param idle bytes resident before
 * @param peak most bytes resident while it opened
 * @param after bytes resident behind it
 */
record LoadProbe(double seconds, double idle, double peak, double after) {

  /** Starts the process, with this one's options; the tiny model warms it up. */
  static LoadProbe open(Path folder, Precision precision, Path tiny) throws IOException {
    List<String> args = List.of(folder.toString(), precision.name(), tiny.toString());
    try (ChildJvm child = ChildJvm.start(LoadProbe.class, List.of(), ChildJvm.ownOptions(), args)) {
      double[] figures = ChildJvm.figures(child.answer());
      return new LoadProbe(figures[0], figures[1], figures[2], figures[3]);
    }
  }

  /** The process: a checkpoint, its precision, and a tiny checkpoint. */
  public static void main(String[] args) throws IOException {
    Precision precision = Precision.valueOf(args[1]);
    DjlModels.open(Path.of(args[2]), precision).close();
    System.gc();
    NativeHeap.trim(); // what is free in it would count as there
    ResidentMemory.forgetPeak();
    double idle = ResidentMemory.now();
    long start = System.nanoTime();
    BaseModel base = DjlModels.open(Path.of(args[0]), precision);
    double seconds = (System.nanoTime() - start) / 1e9;
    double peak = ResidentMemory.peak();
    double after = ResidentMemory.now();
    System.out.println(ChildJvm.ANSWER + seconds + " " + idle + " " + peak + " " + after);
    base.close();
  }
}
