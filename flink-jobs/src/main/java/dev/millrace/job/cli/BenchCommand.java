package dev.millrace.job.cli;

import dev.millrace.job.bench.BenchReport;
import dev.millrace.job.bench.Benchmarks;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.cli.options.Home;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.report.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParseResult;

@Command(
    name = "bench",
    description = {
      "Runs one benchmark: its rivals take turns in the same run, and every figure printed was",
      "measured in it. docs/bench.md says what each compares."
    },
    footer = {"", "Example:", "  ./millrace bench decode --report decode.md"})
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class BenchCommand implements Callable<Integer> {

  @Mixin private Output output;

  @Parameters(
      paramLabel = "NAME",
      completionCandidates = Names.class,
      description = "One of ${COMPLETION-CANDIDATES}.")
  private String name;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of everything random (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description =
          "Measurements of each contestant, or batches that are taught (continual, quality, gate);"
              + " align and soak measure once. Fewer than 11 only to try it (default:"
              + " ${DEFAULT-VALUE}).")
  private int rounds = Setting.FEWEST_ROUNDS;

  @Option(
      names = "--large",
      description =
          "Include what takes minutes and gigabytes (continual, decode, load, swap, train).")
  private boolean large;

  @Option(
      names = "--order",
      paramLabel = "DOMAIN",
      split = ",",
      description =
          "What continual teaches, in this order (default: six domains), or quality (default: health).")
  private List<String> order = List.of();

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "Steps that compress trains each student for (default: ${DEFAULT-VALUE}).")
  private int steps = 60;

  @Option(
      names = "--factors",
      paramLabel = "F",
      split = ",",
      description = "How many times smaller compress's students are (default: 2, 4, 8, 13.5).")
  private List<Double> factors = List.of(2.0, 4.0, 8.0, 13.5);

  @Option(
      names = "--log",
      paramLabel = "FILE",
      description =
          "Where gate and poison keep what is finished: begun again with it, they go on from there.")
  private @Nullable Path log;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Write the result there too: .json, .html with drawings, else Markdown.")
  private @Nullable Path report;

  /** What {@code --help} lists. */
  static final class Names implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Benchmarks.names().iterator();
    }
  }

  @Override
  public Integer call() throws Exception {
    Benchmarks.Named named = Benchmarks.named(name);
    requireTaken(named);
    if (report != null) {
      Output.requireWritable("--report", report);
    }
    Home home = Home.here();
    Setting setting =
        new Setting(
            home.nano(),
            home.rivals(),
            seed,
            rounds,
            large,
            order,
            steps,
            factors,
            log,
            output.err()::println);
    Instant begun = Instant.now();
    Machine machine = Machine.read();
    long start = System.nanoTime();
    List<Table> tables = named.benchmark().run(setting);
    BenchReport result =
        new BenchReport(
            named.name(),
            named.summary(),
            begun.truncatedTo(ChronoUnit.SECONDS).toString(),
            seed,
            named.rounds(rounds),
            (System.nanoTime() - start) / 1e9,
            machine,
            Machine.read().load(),
            tables);
    output.result(result, result.toMarkdown());
    if (report != null) {
      Files.writeString(report, written(result, report.toString()));
    }
    return 0;
  }

  /** Refuses an option that would change nothing. */
  private void requireTaken(Benchmarks.Named named) {
    ParseResult given = output.commandLine().getParseResult();
    for (String option : Benchmarks.options()) {
      if (given.hasMatchedOption(option) && !named.options().contains(option)) {
        throw new ParameterException(
            output.commandLine(),
            "%s is no option of bench %s, expected %s"
                .formatted(
                    option,
                    named.name(),
                    named.options().isEmpty()
                        ? "none but those that all take"
                        : String.join(", ", named.options())));
      }
    }
  }

  private static String written(BenchReport result, String file) throws IOException {
    if (file.endsWith(".json")) {
      return Output.toJson(result);
    }
    return file.endsWith(".html") ? result.toHtml() : result.toMarkdown();
  }
}
