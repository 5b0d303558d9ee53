package dev.millrace.job.bench.serve;

import dev.millrace.job.bench.measure.Benchmark;
import dev.millrace.job.bench.measure.Pace;
import dev.millrace.job.bench.measure.ResidentMemory;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.bench.measure.Trend;
import dev.millrace.job.bench.serve.SoakLoad.Kind;
import java.io.IOException;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Whether a server becomes slower or larger: 20,000 requests, or as many as the system property
 * {@code millrace.soak.requests} says.
 */
public final class SoakBenchmark implements Benchmark {

  private static final int REQUESTS = 20_000;

  /** Requests at least before the first window: compilers and allocators have settled by then. */
  private static final int WARM_UP = 2_000;

  private static final int LOOKS = 5;

  private static final String RESIDENT = "resident size, MiB";
  private static final String PACE = "fixed work, CPU ms";

  @Override
  public List<Table> run(Setting setting) throws Exception {
    int requests = Integer.getInteger("millrace.soak.requests", REQUESTS);
    int laps = Math.max(1, requests / SoakLoad.LAP / Trend.WINDOWS);
    Map<String, double[]> figures = new LinkedHashMap<>();
    try (SoakLoad load = new SoakLoad(setting.nano(), setting.seed());
        Pace pace = new Pace()) {
      setting.progress().accept("warming up");
      window(load, pace, Math.max(WARM_UP / SoakLoad.LAP, 2 * laps));
      for (int window = 0; window < Trend.WINDOWS; window++) {
        for (Map.Entry<String, Double> figure : window(load, pace, laps).entrySet()) {
          figures.computeIfAbsent(figure.getKey(), k -> new double[Trend.WINDOWS])[window] =
              figure.getValue();
        }
        setting
            .progress()
            .accept((window + 1) * laps * SoakLoad.LAP + " requests: " + row(figures, window));
      }
    }
    atOnePace(figures);
    Table table = table(figures, laps * Trend.WINDOWS * SoakLoad.LAP);
    requireLevel(figures, table, setting);
    return List.of(table);
  }

  /**
   * Mean milliseconds of processor time a request of each kind, and of work that is always the
   * same; then MiB resident.
   */
  private static Map<String, Double> window(SoakLoad load, Pace pace, int laps) throws Exception {
    Map<Kind, Double> seconds = new EnumMap<>(Kind.class);
    double fixed = 0;
    for (int lap = 0; lap < laps; lap++) {
      fixed += pace.cpuSeconds();
      for (Kind kind : Kind.values()) {
        seconds.merge(kind, load.ask(kind), Double::sum);
      }
    }
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put(PACE, 1e3 * fixed / laps);
    seconds.forEach((kind, sum) -> figures.put(kind + ", CPU ms a request", 1e3 * sum / laps));
    figures.put(RESIDENT, resident());
    return figures;
  }

  /** The requests' times at one pace of the machine. */
  private static void atOnePace(Map<String, double[]> figures) {
    double[] paces = figures.getOrDefault(PACE, new double[0]);
    figures.replaceAll((name, values) -> isOfRequests(name) ? Pace.atOne(values, paces) : values);
  }

  private static boolean isOfRequests(String name) {
    return !name.equals(PACE) && !name.equals(RESIDENT);
  }

  /**
   * After a collection, so that what is merely not yet collected is left out; the least of a
   * second, because the collector gives memory back in the background.
   */
  private static double resident() throws IOException, InterruptedException {
    System.gc();
    double least = Double.POSITIVE_INFINITY;
    for (int look = 0; look < LOOKS; look++) {
      Thread.sleep(1_000 / LOOKS);
      least = Math.min(least, ResidentMemory.now());
    }
    return least / (1 << 20);
  }

  private static String row(Map<String, double[]> figures, int window) {
    StringBuilder row = new StringBuilder();
    figures.forEach(
        (name, values) ->
            row.append(row.isEmpty() ? "" : "; ")
                .append(String.format("%s %.4g", name, values[window])));
    return row.toString();
  }

  private static Table table(Map<String, double[]> figures, int requests) {
    Table table =
        Table.of(
            "%,d requests to nano, past the caches".formatted(requests),
            "figure | mean | first window | last window | climb over the run (95 %) | level");
    figures.forEach(
        (name, values) -> {
          Trend trend = Trend.of(values);
          table.row(
              name,
              trend.mean(),
              values[0],
              values[Trend.WINDOWS - 1],
              trend,
              name.equals(PACE) ? "not judged" : trend.isLevel() ? "yes" : "no");
        });
    return table.note(
        "The median of the slopes between all pairs of 20 windows of equal work (Theil and Sen), after at least 2,000 requests to warm up. Of 50 requests 30 SCORE 48 tokens, 10 read 256 and add one, 10 read 16 and add 24 (temperature 0.8, top-k 40, top-p 0.95). Level: the interval reaches zero, or the run adds less than 1 %. Fixed work: "
            + Pace.WORK
            + ", once in 50 requests; the requests' times are divided by its, window by window, so"
            + " that a machine that itself becomes slower is not taken for a server that does.");
  }

  private static void requireLevel(Map<String, double[]> figures, Table table, Setting setting) {
    List<String> climbing =
        figures.entrySet().stream()
            .filter(figure -> !figure.getKey().equals(PACE))
            .filter(figure -> !Trend.of(figure.getValue()).isLevel())
            .map(figure -> figure.getKey() + " " + Trend.of(figure.getValue()))
            .toList();
    if (!climbing.isEmpty()) {
      setting.progress().accept(table.toMarkdown());
      throw new IllegalStateException("over the run these climb: " + climbing);
    }
  }
}
