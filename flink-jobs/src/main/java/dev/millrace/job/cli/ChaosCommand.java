package dev.millrace.job.cli;

import dev.millrace.job.chaos.Chaos;
import dev.millrace.job.chaos.ChaosConfig;
import dev.millrace.job.chaos.ChaosReport;
import dev.millrace.job.cli.options.Home;
import dev.millrace.job.cli.options.Numbers;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.embedded.LocalCluster;
import dev.millrace.job.embedded.ProcessLock;
import dev.millrace.job.embedded.TempDirectory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "chaos",
    description = {
      "Starts a cluster of processes of its own, puts it under load, lets faults strike by a",
      "schedule that the seed draws, and audits what is left: one answer to each request, releases",
      "that never go back, lineages without gap or repeat. The same seed strikes the same way.",
      "docs/chaos.md says what each fault is."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace chaos --seed 1",
      "  ./millrace chaos --seed 2 --minutes 5 --faults kill-taskmanager,kill-broker --json"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ChaosCommand implements Callable<Integer> {

  @Mixin private Output output;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of the schedule and the load (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Option(
      names = "--minutes",
      paramLabel = "N",
      description = "How long faults strike, 0.2 to 600 (default: ${DEFAULT-VALUE}).")
  private double minutes = 2;

  @Option(
      names = "--faults",
      paramLabel = "NAME",
      split = ",",
      completionCandidates = Names.class,
      description = "Some of ${COMPLETION-CANDIDATES} (default: those before lose-taskmanager).")
  private List<String> faults = List.of();

  @Option(
      names = "--bound",
      paramLabel = "SECONDS",
      description = "Longest time that may pass without an answer (default: ${DEFAULT-VALUE}).")
  private int bound = 45;

  @Option(
      names = "--flink",
      paramLabel = "KEY=VALUE",
      description = "An option of Flink's for the cluster.")
  private Map<String, String> flink = Map.of();

  @Option(names = "--keep", description = "Keep the cluster's folder although all is well.")
  private boolean keep;

  /** What {@code --help} lists. */
  static final class Names implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Chaos.faults().iterator();
    }
  }

  @SuppressWarnings("try") // closed, and not asked
  @Override
  public Integer call() throws Exception {
    requireKnown();
    double unused = Numbers.within(1, 3_600, "--bound", bound);
    Duration lasting =
        Duration.ofMillis((long) (60_000 * Numbers.within(0.2, 600, "--minutes", minutes)));
    Home home = Home.here();
    Path folder = home.chaos(seed);
    Files.createDirectories(folder.getParent());
    Path lock = folder.resolveSibling(folder.getFileName() + ".lock");
    try (ProcessLock unusedLock = ProcessLock.take(lock, "--seed " + seed)) {
      return run(lasting, home, folder);
    }
  }

  private int run(Duration lasting, Home home, Path folder) throws Exception {
    LocalCluster cluster = home.cluster(folder);
    Chaos.clear(cluster);
    TempDirectory.delete(folder);
    ChaosConfig config =
        new ChaosConfig(
            seed,
            lasting,
            faults.isEmpty() ? Chaos.faultsAnywhere() : faults,
            Duration.ofSeconds(bound),
            flink,
            home.nano(),
            cluster);
    ChaosReport report = new Chaos(config, output.err()::println, InstantSource.system()).run();
    boolean kept = keep || !report.problems().isEmpty();
    if (kept) {
      output.err().println("logs, topics and checkpoints are in " + folder);
    }
    int status = output.result(report, report.text(), report.problems());
    if (!kept) {
      TempDirectory.delete(folder);
    }
    return status;
  }

  private void requireKnown() {
    for (String fault : faults) {
      if (!Chaos.faults().contains(fault)) {
        throw new IllegalArgumentException(
            "--faults " + fault + ", expected some of " + String.join(",", Chaos.faults()));
      }
    }
  }
}
