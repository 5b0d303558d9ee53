package dev.millrace.job.bench;

import java.util.List;

/** Every benchmark there is, by name. */
public final class Benchmarks {

  private static final List<Benchmark> ALL =
      List.of(
          new DecodeBenchmark(),
          new GateBenchmark(),
          new PoisonBenchmark(),
          new MoeBenchmark(),
          new LoadBenchmark(),
          new RoutingBenchmark(),
          new TrainBenchmark(),
          new RecomputeBenchmark(),
          new CompressBenchmark(),
          new ExchangeBenchmark(),
          new ContinualBenchmark(),
          new SoakBenchmark(),
          new LatencyBenchmark(),
          new CacheBenchmark(),
          new SwapBenchmark(),
          new AdaptersBenchmark(),
          new ColocateBenchmark(),
          new FreshnessBenchmark(),
          new AlignBenchmark(),
          new QualityBenchmark(),
          new ScoreBenchmark(),
          new ScaleBenchmark());

  private Benchmarks() {}

  public static List<Benchmark> all() {
    return ALL;
  }

  /**
   * The benchmark of this name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Benchmark named(String name) {
    return ALL.stream()
        .filter(benchmark -> benchmark.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException("benchmark " + name + ", expected one of " + names()));
  }

  public static List<String> names() {
    return ALL.stream().map(Benchmark::name).toList();
  }
}
