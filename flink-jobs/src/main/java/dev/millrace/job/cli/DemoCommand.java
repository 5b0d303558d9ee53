package dev.millrace.job.cli;

import dev.millrace.job.Openers;
import dev.millrace.job.cli.options.Numbers;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.loop.DemoMaterial;
import dev.millrace.job.loop.RunConfig;
import dev.millrace.model.score.HeldOut;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "demo",
    description = {
      "Runs the whole loop in this process on real text, pictures and sounds of seven domains that",
      "the base has never seen, and writes report.json, report.html and the release store to a",
      "folder."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace demo",
      "  ./millrace demo --report out --minutes 4 --json",
      "  ./millrace demo --set learn.routedExperts=false"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class DemoCommand implements Callable<Integer> {

  /** The load lasts longer than the feeding: it sees what was begun come to its end. */
  private static final int REQUESTS = 1_400;

  private static final int BATCH = 32;
  private static final double FEEDING_SHARE = 0.67;
  private static final double LASTING_SHARE = 0.85;

  @Mixin private Output output;
  @Mixin private LoopOptions options;

  @Option(
      names = "--report",
      paramLabel = "DIR",
      description = "Where the report and the store go (default: demo-report).")
  private Path folder = Path.of("demo-report");

  @Option(
      names = "--minutes",
      paramLabel = "N",
      description = "About how long it may take, 1 to 60 (default: ${DEFAULT-VALUE}).")
  private double minutes = 4;

  @Override
  public Integer call() throws Exception {
    Numbers.within(1, 60, "--minutes", minutes);
    RunConfig run =
        new RunConfig(
            "demo",
            options.base(),
            folder,
            Duration.ofSeconds((long) (minutes * 60 * FEEDING_SHARE)),
            Duration.ofSeconds((long) (minutes * 60 * LASTING_SHARE)),
            (int) Math.max(REQUESTS, REQUESTS * minutes / 4),
            options.config(BATCH),
            options.seed());
    HeldOut heldOut = Openers.heldOut(run.config());
    return LoopOptions.run(run, () -> DemoMaterial.read(run.base(), heldOut, run.seed()), output);
  }
}
