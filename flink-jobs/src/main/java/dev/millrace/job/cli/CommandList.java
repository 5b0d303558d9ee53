package dev.millrace.job.cli;

import java.util.regex.Pattern;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Column;
import picocli.CommandLine.Help.Column.Overflow;
import picocli.CommandLine.Help.TextTable;
import picocli.CommandLine.IHelpSectionRenderer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** The commands of a command, each with what its description says first. */
final class CommandList implements IHelpSectionRenderer {

  private static final Pattern REST = Pattern.compile("(?s)[.:;](\\s.*)?$");
  private static final int INDENT = 2;

  @Override
  public String render(Help help) {
    if (help.subcommands().isEmpty()) {
      return "";
    }
    int names =
        2 * INDENT
            + help.subcommands().values().stream().mapToInt(c -> names(c).length()).max().orElse(0);
    TextTable table =
        TextTable.forColumns(
            help.colorScheme(),
            new Column(names, INDENT, Overflow.SPAN),
            new Column(help.commandSpec().usageMessage().width() - names, 0, Overflow.WRAP));
    help.subcommands()
        .values()
        .forEach(command -> table.addRowValues(names(command), first(command.commandSpec())));
    return table.toString();
  }

  private static String names(Help command) {
    return command.commandNamesText(", ").plainString();
  }

  private static String first(CommandSpec command) {
    UsageMessageSpec said = command.usageMessage();
    String[] lines = said.header().length > 0 ? said.header() : said.description();
    return REST.matcher(String.join(" ", lines)).replaceFirst("").formatted().strip() + ".";
  }
}
