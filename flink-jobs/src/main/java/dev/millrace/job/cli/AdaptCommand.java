package dev.millrace.job.cli;

import dev.millrace.job.Openers;
import dev.millrace.job.cli.options.Home;
import dev.millrace.job.cli.options.Numbers;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.cli.options.ShellWords;
import dev.millrace.job.cli.options.TextFieldOption;
import dev.millrace.job.loop.Material;
import dev.millrace.job.loop.RunConfig;
import dev.millrace.job.loop.UserInput;
import dev.millrace.job.loop.UserMaterial;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.model.score.HeldOut;
import dev.millrace.schema.wire.Names;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "adapt",
    description = {
      "Runs the same loop as demo on your own texts: JSON lines, a text file, or a folder of them.",
      "  {\"text\": …, \"id\": …, \"domain\": …, \"document\": …}",
      "All but text may be left out. Lines of other domains, or of a tenant, are refused. Text files",
      "teach in pieces of whole paragraphs; each file of a folder is a document, and they take turns.",
      "A fifth of the documents is held out to measure on, by what of a text fits the base's context."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace adapt --domain tickets --input tickets.jsonl --report out",
      "  ./millrace adapt --domain tickets --input tickets.jsonl.gz --report out --json",
      "  ./millrace adapt --domain handbook --input handbook/ --report out",
      "  ./millrace adapt --domain tickets --input tickets.jsonl --text-field body --report out"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class AdaptCommand implements Callable<Integer> {

  private static final int FEWEST_BATCHES = 4;
  private static final int LEAST_BATCH = 16;
  private static final int MOST_BATCH = 64;
  private static final int MOST_MINUTES = 24 * 60;
  private static final int MOST_REQUESTS = 1_000_000;
  private static final Duration BETWEEN_REQUESTS = Duration.ofMillis(300);

  @Mixin private Output output;
  @Mixin private LoopOptions options;

  @Option(names = "--domain", required = true, paramLabel = "D", description = "Your domain.")
  private String domain;

  @Option(
      names = "--input",
      required = true,
      paramLabel = "F|DIR",
      description = TextFieldOption.INPUT)
  private Path input;

  @Mixin private TextFieldOption textField;

  @Option(
      names = "--report",
      required = true,
      paramLabel = "DIR",
      description = "Where the report and the store go.")
  private Path folder;

  @Option(
      names = "--minutes",
      paramLabel = "N",
      description = "How long lines may be fed in, at most (default: ${DEFAULT-VALUE}).")
  private double minutes = 30;

  @Option(
      names = "--requests",
      paramLabel = "N",
      description = "Requests to send meanwhile, at least (default: ${DEFAULT-VALUE}).")
  private int requests = 200;

  @Override
  public Integer call() throws Exception {
    if (!Names.isDomain(domain)) {
      throw new IllegalArgumentException(
          "--domain " + domain + ", expected " + Names.EXPECTED_DOMAIN);
    }
    Numbers.within(0, MOST_MINUTES, "--minutes", minutes);
    Numbers.within(1, MOST_REQUESTS, "--requests", requests);
    HeldOut heldOut = Openers.heldOut(options.config(LEAST_BATCH));
    Path base = options.base();
    UserInput.requireReadable(input, textField.name());
    LoopOptions.requireFresh(folder);
    UserMaterial.Lines lines = UserMaterial.shared(input, domain, textField.name());
    lines.sayWhatIsRefused(output.err());
    Material material = UserMaterial.material(lines, domain, base, heldOut, options.seed());
    int batch =
        Math.max(LEAST_BATCH, Math.min(MOST_BATCH, lines.samples().size() / FEWEST_BATCHES));
    RunConfig run =
        new RunConfig(
            "adapt --domain " + domain,
            base,
            folder,
            Duration.ofSeconds((long) (minutes * 60)),
            BETWEEN_REQUESTS.multipliedBy(requests),
            requests,
            options.config(batch),
            options.seed());
    int status = LoopOptions.run(run, () -> material, output);
    if (!output.json() && StoredReleases.read(run.store()).serving().containsKey(domain)) {
      output.out().println("ask it       " + ask(domain, run.store(), base));
    }
    return status;
  }

  /** The command that asks a run's releases, whatever cluster is up and whatever ran since. */
  static String ask(String domain, Path store, Path base) {
    Stream<String> model =
        base.equals(Home.here().nano()) ? Stream.empty() : Stream.of("--base", base.toString());
    return ShellWords.line(
        Stream.of(
                Stream.of("./millrace", "ask", "--domain", domain, "--store", store.toString()),
                model,
                Stream.of("Once upon a time"))
            .flatMap(words -> words));
  }
}
