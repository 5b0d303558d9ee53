package dev.millrace.job.bench;

import dev.millrace.job.bench.gate.GateBenchmark;
import dev.millrace.job.bench.gate.PoisonBenchmark;
import dev.millrace.job.bench.learn.ContinualBenchmark;
import dev.millrace.job.bench.measure.Benchmark;
import dev.millrace.job.bench.model.CompressBenchmark;
import dev.millrace.job.bench.model.DecodeBenchmark;
import dev.millrace.job.bench.model.LoadBenchmark;
import dev.millrace.job.bench.model.MoeBenchmark;
import dev.millrace.job.bench.model.RoutingBenchmark;
import dev.millrace.job.bench.score.AlignBenchmark;
import dev.millrace.job.bench.score.QualityBenchmark;
import dev.millrace.job.bench.score.ScoreBenchmark;
import dev.millrace.job.bench.serve.AdaptersBenchmark;
import dev.millrace.job.bench.serve.CacheBenchmark;
import dev.millrace.job.bench.serve.ColocateBenchmark;
import dev.millrace.job.bench.serve.FreshnessBenchmark;
import dev.millrace.job.bench.serve.LatencyBenchmark;
import dev.millrace.job.bench.serve.ScaleBenchmark;
import dev.millrace.job.bench.serve.SoakBenchmark;
import dev.millrace.job.bench.serve.SwapBenchmark;
import dev.millrace.job.bench.train.ExchangeBenchmark;
import dev.millrace.job.bench.train.RecomputeBenchmark;
import dev.millrace.job.bench.train.TrainBenchmark;
import java.util.List;
import java.util.Set;

/** Every benchmark there is, by name. */
public final class Benchmarks {

  /**
   * A benchmark on the command line.
   *
   * @param summary what is compared with what, in one line
   * @param options of the command line that it takes, but for those that all take
   */
  public record Named(String name, String summary, Benchmark benchmark, List<String> options) {

    Named(String name, String summary, Benchmark benchmark, String... options) {
      this(name, summary, benchmark, List.of(options));
    }

    /** How often it measures, where so many rounds are asked for. */
    public int rounds(int asked) {
      return ONCE.contains(name) ? 1 : asked;
    }
  }

  /** Those that measure once. */
  private static final Set<String> ONCE = Set.of("align", "soak");

  private static final String LARGE = "--large";
  private static final String ORDER = "--order";
  private static final String LOG = "--log";

  private static final List<Named> ALL =
      List.of(
          new Named(
              "decode",
              "tokens/s of 1, 8 and 32 streams: int8 against DJL fp32 and llama.cpp Q8_0",
              new DecodeBenchmark(),
              LARGE),
          new Named(
              "gate",
              "what the gate refuses of honest candidates and of eight kinds of bad ones",
              new GateBenchmark(),
              LOG),
          new Named(
              "poison",
              "250 documents with a trigger among a stream: what catches them, and forgetting them",
              new PoisonBenchmark(),
              LOG),
          new Named(
              "moe",
              "one layer of experts against one dense layer of the same total parameters",
              new MoeBenchmark()),
          new Named(
              "load",
              "open time and peak resident memory by file size, in int8 and in fp32",
              new LoadBenchmark(),
              LARGE),
          new Named(
              "routing",
              "experts by the router's entropy against fixed top-k: loss, active share, speed",
              new RoutingBenchmark()),
          new Named(
              "train",
              "adapters against a plain loop over experts and full fine-tuning: speed, memory, loss",
              new TrainBenchmark(),
              LARGE),
          new Named(
              "recompute",
              "memory and time of a micro-batch by its size and by what is computed again",
              new RecomputeBenchmark()),
          new Named(
              "compress",
              "students of nano with fewer parameters: what distillation and training as int8 keep",
              new CompressBenchmark(),
              "--steps",
              "--factors"),
          new Named(
              "exchange",
              "trainers of one adapter: bytes that cross against loss, and time over a slow link",
              new ExchangeBenchmark()),
          new Named(
              "continual",
              "what is kept of domains that are taught one after the other, twice: an adapter a domain, one"
                  + " for all, with and without replay, all at once",
              new ContinualBenchmark(),
              ORDER,
              LARGE),
          new Named(
              "soak",
              "resident size and processor time a request over thousands of requests to nano",
              new SoakBenchmark()),
          new Named(
              "latency",
              "from request to committed answer on the embedded stack, by guarantee and checkpoint"
                  + " interval",
              new LatencyBenchmark()),
          new Named(
              "cache",
              "what a kept answer costs, at the operator and by itself; hits on a drifting Zipf beside"
                  + " LRU and Belady's; answers that similar questions share within a bound, and wrong ones",
              new CacheBenchmark()),
          new Named(
              "swap",
              "answers while releases are swapped a hundred times a second, while they are made ready"
                  + " and not switched to, and while nothing is; from publish to serving",
              new SwapBenchmark(),
              LARGE),
          new Named(
              "adapters",
              "1,024 domains asked by turns, with room for all their adapters and for half of them",
              new AdaptersBenchmark()),
          new Named(
              "colocate",
              "answers and training in one process: times of answers at a modest rate, trained"
                  + " tokens/s, each alone, both, and both with training that gives way",
              new ColocateBenchmark()),
          new Named(
              "freshness",
              "from a fact's append to the first committed answer that knows it, step by step",
              new FreshnessBenchmark()),
          new Named(
              "align",
              "whether icons, speech and methods find their captions, and wrong captions are noticed",
              new AlignBenchmark()),
          new Named(
              "quality",
              "what may teach of a real domain's stream that is half junk, by rules, a classifier, loss,"
                  + " entropy, diversity and Q(x): what is refused, and what is learned by the record and by processor time",
              new QualityBenchmark(),
              ORDER),
          new Named(
              "score",
              "documents a second a core of each stage of scoring, of the whole beside one reading of the model, and"
                  + " of a MinHash library",
              new ScoreBenchmark()),
          new Named(
              "scale",
              "each stage with one subtask and with two, with the model and without its cost; sizes of"
                  + " state, releases and cache as a stream grows 10 and 100 times",
              new ScaleBenchmark()));

  private Benchmarks() {}

  /**
   * The benchmark of this name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Named named(String name) {
    return ALL.stream()
        .filter(benchmark -> benchmark.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException("benchmark " + name + ", expected one of " + names()));
  }

  /** Options that some take and others do not. */
  public static List<String> options() {
    return ALL.stream().flatMap(named -> named.options().stream()).distinct().toList();
  }

  public static List<String> names() {
    return ALL.stream().map(Named::name).toList();
  }
}
