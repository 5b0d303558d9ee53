package dev.millrace.job.cli;

import dev.millrace.adapter.gate.GateConfig;
import dev.millrace.job.BaseTexts;
import dev.millrace.job.Openers;
import dev.millrace.job.cli.options.BaseOption;
import dev.millrace.job.cli.options.Home;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.embedded.ProcessLock;
import dev.millrace.job.loop.Loop;
import dev.millrace.job.loop.Material;
import dev.millrace.job.loop.RunConfig;
import dev.millrace.job.loop.Watcher;
import dev.millrace.job.operator.learn.Lessons;
import dev.millrace.job.report.Recording;
import dev.millrace.job.report.Report;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.schema.wire.ErrorLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What the commands that run the loop in this process have in common. */
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class LoopOptions {

  private static final String NONE = "none: a run has its own Kafka, Redis and checkpoints";

  /** What a run says itself, by key, and how it is told otherwise. */
  private static final Map<String, String> OWN =
      Map.of(
          "base.dir", "--base DIR",
          "store.uri", "--report DIR, where the store goes",
          "kafka.bootstrap", NONE,
          "redis.uri", NONE,
          "checkpoint.dir", NONE);

  @Mixin private BaseOption base;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of every draw (default: ${DEFAULT-VALUE}).")
  private long seed = 17;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "A setting of the jobs; docs/configuration.md lists them.")
  private List<String> settings = List.of();

  /**
   * Of the jobs: what was set, above the command's own choice.
   *
   * @throws IllegalArgumentException if something is set that a run does not take
   */
  MillraceConfig config(int batch) throws IOException {
    settings.forEach(LoopOptions::requireTaken);
    List<String> all = new ArrayList<>();
    all.add("batch.count=" + batch);
    all.add("learn.seed=" + seed);
    all.add("learn.routedExperts=true");
    all.add("heldOut.everyNth=" + RunConfig.HELD_OUT_EVERY);
    all.addAll(settings);
    MillraceConfig config = MillraceConfig.read(all);
    Openers.requireTrusted(config);
    double bound = GateConfig.defaults().parityBound();
    if (config.learn().gate().parityBound() > bound) {
      throw new IllegalArgumentException(
          "learn.gate.parityBound is %s, expected at most %s: what is judged is what serves"
              .formatted(config.learn().gate().parityBound(), bound));
    }
    return config;
  }

  private static void requireTaken(String set) {
    String instead = OWN.get(set.replaceFirst("=.*", "").strip());
    if (instead != null) {
      throw new IllegalArgumentException("--set %s, expected %s".formatted(set, instead));
    }
  }

  long seed() {
    return seed;
  }

  /** The folder of a base for which something can be released. */
  Path base() throws IOException {
    Path folder = base.folder();
    BaseTexts.requireProtected(folder);
    return folder;
  }

  /** The folder and the store in it take files, and hold no release. Makes nothing. */
  static void requireFresh(Path folder) throws IOException {
    Output.requireFolder("--report", folder);
    Output.requireFolder("--report", folder.resolve("store"));
    Loop.requireFresh(folder);
  }

  /** Runs the loop, shows how it comes along, and gives its report out. */
  @SuppressWarnings("try") // closed, and not asked
  static int run(RunConfig run, Callable<Material> material, Output output) throws Exception {
    requireFresh(run.folder());
    EmbeddedStack.requireMachine();
    Report report;
    try (ProgressView view =
        new ProgressView(output.err(), run.config().batch().count(), Lessons::of)) {
      view.phase("reading the texts");
      Remembering remembering = new Remembering(view, run.store());
      Material read = material.call();
      view.phase("opening the base");
      try (BaseModel unusedBase = DjlModels.open(run.base(), Precision.INT8, output.loading())) {
        Files.createDirectories(run.store());
        try (ProcessLock unused = Home.lock(run.store(), "--report " + run.folder())) {
          Loop.requireFresh(run.folder()); // another may have ended meanwhile
          report = new Loop(run, read, remembering).run(); // its jobs share the base
        }
      }
      if (report.releases().published() + report.alignments().published() > 0) {
        remembering.remember();
      }
    }
    output.result(report, new Summary(report, run.folder()).text());
    return 0;
  }

  /** Remembers a run's store once it holds a release; until then an earlier one is of more use. */
  static final class Remembering implements Watcher {
    private final Watcher shown;
    private final Path store;
    private boolean released;
    private boolean told;

    Remembering(Watcher shown, Path store) {
      this.shown = shown;
      this.store = store;
    }

    @Override
    public void phase(String what) {
      shown.phase(what);
    }

    @Override
    public void progress(Recording recording) {
      shown.progress(recording);
      if (!released && !recording.releases().isEmpty()) {
        released = true;
        remember();
      }
    }

    /** The run is worth as much where that fails: it is told once. */
    synchronized void remember() {
      try {
        Home.here().remember(store);
      } catch (IOException e) {
        if (!told) {
          told = true;
          shown.phase(
              "the store is not remembered, expected --store %s: %s"
                  .formatted(store, ErrorLine.of(e)));
        }
      }
    }
  }
}
