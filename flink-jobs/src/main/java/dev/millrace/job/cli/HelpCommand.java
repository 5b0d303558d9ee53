package dev.millrace.job.cli;

import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** Picocli's own reads one word. */
@Command(
    name = "help",
    description = "Shows the help of a command.",
    footer = {"", "Examples:", "  ./millrace help adapt", "  ./millrace help releases show"})
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class HelpCommand implements Runnable {

  @Spec private CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  private boolean unusedHelp;

  @Parameters(paramLabel = "COMMAND", description = "The command, and which of its own.")
  private List<String> words = List.of();

  @Override
  public void run() {
    CommandLine command = spec.commandLine().getParent();
    for (String word : words) {
      CommandLine next = command.getSubcommands().get(word);
      if (next == null) {
        throw new UnmatchedArgumentException(command, List.of(word));
      }
      command = next;
    }
    command.usage(spec.commandLine().getOut());
  }
}
