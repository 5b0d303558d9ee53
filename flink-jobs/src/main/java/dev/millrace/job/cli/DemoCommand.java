package dev.millrace.job.cli;

import dev.millrace.job.Openers;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.loop.DemoMaterial;
import dev.millrace.job.loop.Loop;
import dev.millrace.job.loop.Material;
import dev.millrace.job.loop.RunConfig;
import dev.millrace.job.report.Report;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "demo",
    description = {
      "Runs the whole loop in this process on real text of five domains that the base has never",
      "seen, and writes report.json, report.html and the release store to a folder."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace demo",
      "  ./millrace demo --report out --minutes 4 --json"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class DemoCommand implements Callable<Integer> {

  /** The load lasts longer than the feeding: it sees what was begun come to its end. */
  private static final int REQUESTS = 1_400;

  private static final int BATCH = 32;
  private static final double FEEDING_SHARE = 0.67;
  private static final double LASTING_SHARE = 0.85;

  @Mixin private Output output;

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

  @Option(names = "--seed", description = "Seed of every draw (default: ${DEFAULT-VALUE}).")
  private long seed = 17;

  @Option(
      names = "--base",
      paramLabel = "DIR",
      description = "The base model (default: models/nano).")
  private Path base = Home.here().nano();

  @Override
  public Integer call() throws Exception {
    if (!(minutes >= 1 && minutes <= 60)) {
      throw new IllegalArgumentException("--minutes " + minutes + ", expected 1 to 60");
    }
    Loop.requireFresh(folder);
    RunConfig run =
        new RunConfig(
            "demo",
            base,
            folder,
            Duration.ofSeconds((long) (minutes * 60 * FEEDING_SHARE)),
            Duration.ofSeconds((long) (minutes * 60 * LASTING_SHARE)),
            (int) Math.max(REQUESTS, REQUESTS * minutes / 4),
            BATCH,
            seed);
    Home.here().remember(run.store());
    Report report;
    try (ProgressView view = new ProgressView(output.err())) {
      view.phase("reading the corpora");
      Material material = DemoMaterial.read(base, Openers.heldOut(MillraceConfig.defaults()), seed);
      report = new Loop(run, material, view).run();
    }
    output.result(report, new Summary(report, folder).text());
    return 0;
  }
}
