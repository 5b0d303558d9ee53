package dev.millrace.job.bench;

import dev.millrace.model.base.WeightedSequence;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What training took in a process of its own, on one thread (two in full fine-tuning).
 *
 * @param opened bytes resident when the model was open, over those of a process with a tiny one
 * @param peak most bytes resident while it trained, over the same
 * @param cpuSeconds of a call, the least of three
 */
record TrainProbe(double opened, double peak, double cpuSeconds) {

  private static final Path CLEAR = Path.of("/proc/self/clear_refs");
  private static final int CALLS = 3;

  /** How much garbage Java gathers before it looks is its own choice, and no need of training. */
  private static final String SMALL_NURSERY = "-Xmn8m";

  /** Starts the process, with this one's options and a small young generation. */
  static TrainProbe of(TrainKind kind, Path folder, Path tiny, int rows, long seed)
      throws IOException {
    List<String> args =
        List.of(
            kind.name(),
            folder.toString(),
            tiny.toString(),
            Integer.toString(rows),
            Long.toString(seed));
    List<String> options = new ArrayList<>(ChildJvm.ownOptions());
    options.add(SMALL_NURSERY);
    try (ChildJvm child = ChildJvm.start(TrainProbe.class, List.of(), options, args)) {
      double[] figures = ChildJvm.figures(child.answer());
      return new TrainProbe(figures[0], figures[1], figures[2]);
    }
  }

  /** The process: a kind, a checkpoint, a tiny checkpoint, rows, a seed. */
  public static void main(String[] args) throws Exception {
    TrainKind kind = TrainKind.valueOf(args[0]);
    long seed = Long.parseLong(args[4]);
    List<WeightedSequence> few = TrainKind.rows(2, RandomCheckpoint.VOCABULARY, seed);
    try (TrainKind.Rig tiny = kind.open(Path.of(args[2]), seed)) {
      tiny.run(few);
    }
    System.gc();
    double idle = LoadProbe.resident("VmRSS");
    try (TrainKind.Rig rig = kind.open(Path.of(args[1]), seed)) {
      rig.run(few);
      System.gc();
      double opened = LoadProbe.resident("VmRSS") - idle;
      Files.writeString(CLEAR, "5");
      List<WeightedSequence> rows =
          TrainKind.rows(Integer.parseInt(args[3]), RandomCheckpoint.VOCABULARY, seed);
      double least = Double.POSITIVE_INFINITY;
      for (int call = 0; call < CALLS; call++) {
        Lap lap = Lap.of(0, () -> rig.run(rows));
        least = Math.min(least, lap.cpuSeconds());
      }
      double peak = LoadProbe.resident("VmHWM") - idle;
      System.out.println(ChildJvm.ANSWER + opened + " " + peak + " " + least);
    }
  }
}
