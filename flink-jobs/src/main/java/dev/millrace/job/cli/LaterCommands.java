package dev.millrace.job.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Commands that are part of the contract and still to come; each says so. */
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class LaterCommands {

  private LaterCommands() {}

  @Command(
      name = "chaos",
      description = "One seeded fault run with its audit (not there yet).",
      footer = {"", "Example:", "  ./millrace chaos --seed 1"})
  static final class Chaos implements Callable<Integer> {
    @Mixin private Output output;

    @Option(names = "--seed")
    private long unusedSeed;

    @Override
    public Integer call() {
      return output.notYet();
    }
  }
}
