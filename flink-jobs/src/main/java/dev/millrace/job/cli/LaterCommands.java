package dev.millrace.job.cli;

import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

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

  /** What a change of a release would be. */
  abstract static class Release implements Callable<Integer> {
    @Mixin private Output output;

    @Option(names = "--store", paramLabel = "DIR")
    private @Nullable String unusedStore;

    @Parameters(arity = "0..*")
    private List<String> unusedArguments = List.of();

    @Override
    public Integer call() {
      return output.notYet();
    }
  }

  @Command(
      name = "forget",
      description = "Takes samples out of a domain (not there yet).",
      footer = {"", "Example:", "  ./millrace releases forget ID"})
  static final class Forget extends Release {}
}
