package dev.millrace.job.cli.cluster;

import dev.millrace.job.cli.options.Home;
import dev.millrace.job.cli.options.Numbers;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.embedded.LocalCluster;
import dev.millrace.job.scale.Autoscaler;
import dev.millrace.job.scale.ScalingConfig;
import dev.millrace.schema.wire.Counted;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "autoscale",
    description = {
      "Watches how many requests wait on the cluster of this machine, starts a task manager where",
      "too many do, and stops it when they are gone. The cluster must have been started with",
      "./millrace cluster up --adaptive, so that its jobs take what slots there are."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace cluster up --adaptive --task-managers 1 --slots 2",
      "  ./millrace autoscale --most 2 --minutes 30"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
public final class AutoscaleCommand implements Callable<Integer> {

  private static final int A_YEAR_OF_MINUTES = 525_600;

  @Mixin private Output output;

  @Option(
      names = "--above",
      paramLabel = "N",
      description =
          "Waiting requests a task manager that want one more (default: ${DEFAULT-VALUE}).")
  private double above = 32;

  @Option(
      names = "--below",
      paramLabel = "N",
      description =
          "Waiting requests a task manager that let one go; at most half of --above (default:"
              + " ${DEFAULT-VALUE}).")
  private double below = 4;

  @Option(
      names = "--holds",
      paramLabel = "SECONDS",
      description = "How long that must be so (default: ${DEFAULT-VALUE}).")
  private int holds = 10;

  @Option(
      names = "--settles",
      paramLabel = "SECONDS",
      description =
          "Pause after a change, while jobs restart and load models (default: ${DEFAULT-VALUE}).")
  private int settles = 60;

  @Option(
      names = "--least",
      paramLabel = "N",
      description = "Fewest task managers, started if need be (default: ${DEFAULT-VALUE}).")
  private int least = 1;

  @Option(
      names = "--most",
      paramLabel = "N",
      description = "Most task managers, started by it (default: ${DEFAULT-VALUE}).")
  private int most = 2;

  @Option(
      names = "--minutes",
      paramLabel = "N",
      description = "How long to watch (default: until it is stopped).")
  private double minutes = A_YEAR_OF_MINUTES;

  @Override
  public Integer call() throws Exception {
    ScalingConfig config =
        new ScalingConfig(
            above, below, Duration.ofSeconds(holds), Duration.ofSeconds(settles), least, most);
    LocalCluster cluster = Home.here().cluster();
    cluster
        .status()
        .orElseThrow(
            () -> new IllegalArgumentException("no cluster is up on this machine, expected one"))
        .require("kafka", "jobmanager");
    if (!cluster.isAdaptive()) {
      throw new IllegalArgumentException(
          "the cluster that is up was started without --adaptive, expected with it: its jobs need all slots that they began with");
    }
    Autoscaler autoscaler =
        new Autoscaler(cluster, config, output.err()::println, InstantSource.system());
    List<Autoscaler.Change> changes =
        autoscaler.watch(
            Duration.ofMillis(
                (long) (60_000 * Numbers.within(0.01, A_YEAR_OF_MINUTES, "--minutes", minutes))));
    List<Map<String, Object>> json =
        changes.stream()
            .<Map<String, Object>>map(
                change ->
                    Map.of(
                        "at", change.at().toString(),
                        "from", change.from(),
                        "to", change.to(),
                        "waiting", change.waiting()))
            .toList();
    output.result(json, Counted.of(changes.size(), "change", "changes"));
    return 0;
  }
}
