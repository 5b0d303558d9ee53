package dev.millrace.job.cli;

import dev.millrace.job.cli.cluster.AutoscaleCommand;
import dev.millrace.job.cli.cluster.ClusterCommand;
import dev.millrace.job.cli.cluster.SqlCommand;
import dev.millrace.job.cli.cluster.StopCommand;
import dev.millrace.job.cli.cluster.SubmitCommand;
import dev.millrace.job.cli.model.ModelCommand;
import dev.millrace.job.cli.options.Numbers;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.cli.releases.ReleasesCommand;
import dev.millrace.job.cli.releases.VerdictsCommand;
import dev.millrace.model.adapter.InvalidAdapterException;
import dev.millrace.model.config.InvalidConfigException;
import dev.millrace.model.weights.InvalidWeightsException;
import dev.millrace.schema.wire.ErrorLine;
import dev.millrace.schema.wire.NearestName;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IHelpSectionRenderer;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line. */
@Command(
    name = "millrace",
    mixinStandardHelpOptions = true,
    version = "millrace 0.1.0-SNAPSHOT",
    description = "Your events make your model better while it answers.",
    synopsisSubcommandLabel = "COMMAND",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:What was asked for came about.",
      "1:It did not; the last line says why.",
      "2:What was given cannot be used; the line says what, and what was expected.",
      "130:It was interrupted, as by Ctrl-C.",
      "141:Who read its result left before its end, as head does.",
      "143:It was told to end, as by kill."
    },
    footer = {"", "Examples:", "  ./millrace demo --report out", "  ./millrace help adapt"},
    subcommands = {
      DemoCommand.class,
      AdaptCommand.class,
      AskCommand.class,
      ProduceCommand.class,
      ModelCommand.class,
      ReleasesCommand.class,
      VerdictsCommand.class,
      ClusterCommand.class,
      SubmitCommand.class,
      StopCommand.class,
      SqlCommand.class,
      TopicsCommand.class,
      GatewayCommand.class,
      BenchCommand.class,
      ChaosCommand.class,
      TraceCommand.class,
      UnansweredCommand.class,
      AutoscaleCommand.class,
      HelpCommand.class
    })
public final class Main {

  /** What the user gave cannot be used. */
  static final int USAGE = 2;

  /** As of a command that SIGPIPE ends. */
  static final int BROKEN_PIPE = 128 + 13;

  /** Labels of what may well be blank. */
  private static final Set<String> TEXTS = Set.of("PROMPT", "TEXT");

  /** Columns of a help: its lines are written for as many. */
  private static final int WIDTH = 100;

  /** Whether this process was told to end, or ends. */
  private static volatile boolean ending;

  public static void main(String[] args) {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> ending = true, "millrace-ending"));
    PrintWriter out = new ResultWriter(new FileOutputStream(FileDescriptor.out));
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    System.exit(run(out, err, args));
  }

  /** Runs a command; gives its exit status. */
  static int run(PrintWriter out, PrintWriter err, String... args) {
    int status;
    try {
      status = execute(out, err, args);
    } catch (OutOfMemoryError e) {
      err.println("millrace: " + full(e));
      return Output.FAILED;
    }
    return status == 0 && out.checkError() ? lost(out, err) : status;
  }

  /** A reader that has left, as head does, has what it wanted. */
  private static int lost(PrintWriter out, PrintWriter err) {
    if (out instanceof ResultWriter results && results.isLeft()) {
      return BROKEN_PIPE;
    }
    err.println("millrace: " + Output.LOST);
    return Output.FAILED;
  }

  private static String full(OutOfMemoryError e) {
    return "out of memory: %s; expected less input, or a heap of more than %d MB (MILLRACE_JAVA_OPTS=-Xmx…)"
        .formatted(e.getMessage(), Runtime.getRuntime().maxMemory() >> 20);
  }

  private static int execute(PrintWriter out, PrintWriter err, String... args) {
    Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT); // numbers are told as in the docs
    CommandLine line = new CommandLine(new Main());
    Map<String, IHelpSectionRenderer> sections = new HashMap<>(line.getHelpSectionMap());
    sections.put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST, new CommandList());
    return Numbers.understoodBy(line.setHelpSectionMap(sections))
        .setOut(out)
        .setErr(err)
        .setUsageHelpWidth(WIDTH)
        .setExecutionStrategy(Main::runGiven)
        .setExecutionExceptionHandler((e, command, parsed) -> failed(e, command))
        .setParameterExceptionHandler(Main::misused)
        .execute(args);
  }

  /** What is blank names nothing: as a path it would be the folder that one is in. */
  private static int runGiven(ParseResult parsed) {
    List<CommandLine> commands = parsed.asCommandLineList();
    for (ParseResult part : commands.stream().map(CommandLine::getParseResult).toList()) {
      part.matchedArgs().forEach(given -> requireNamed(part, given));
    }
    CommandLine last = commands.get(commands.size() - 1);
    if (!last.getSubcommands().isEmpty()) {
      requireCommand(last, commands);
    }
    return new CommandLine.RunLast().execute(parsed);
  }

  /** Picocli minds no unknown command that --help stands behind. */
  private static void requireCommand(CommandLine last, List<CommandLine> commands) {
    List<String> unknown = last.getParseResult().unmatched();
    if (!unknown.isEmpty()) {
      throw new UnmatchedArgumentException(last, unknown);
    }
    if (commands.stream().noneMatch(Main::isToHelp)) {
      throw new ParameterException(
          last, "no command given, expected one of " + last.getSubcommands().keySet());
    }
  }

  private static boolean isToHelp(CommandLine command) {
    return command.isUsageHelpRequested() || command.isVersionHelpRequested();
  }

  private static void requireNamed(ParseResult part, ArgSpec given) {
    if (given.arity().max() == 0 || TEXTS.contains(given.paramLabel())) {
      return;
    }
    for (String value : given.originalStringValues()) {
      if (value.isBlank()) {
        String name =
            given instanceof OptionSpec option ? option.longestName() : given.paramLabel();
        throw new ParameterException(
            part.commandSpec().commandLine(),
            "%s is blank: '%s', expected %s".formatted(name, value, given.paramLabel()));
      }
    }
  }

  private static int failed(Exception e, CommandLine command) {
    if (e instanceof Output.LostException) {
      return lost(command.getOut(), command.getErr());
    }
    command.getErr().println("millrace: " + (ending ? "interrupted" : ErrorLine.of(e)));
    LoggerFactory.getLogger(Main.class).info("the command failed", e);
    return isOfWhatWasGiven(e) ? USAGE : Output.FAILED;
  }

  private static boolean isOfWhatWasGiven(Exception e) {
    return e instanceof IllegalArgumentException
        || e instanceof InvalidConfigException
        || e instanceof InvalidWeightsException
        || e instanceof InvalidAdapterException
        || e instanceof NoSuchFileException
        || e instanceof AccessDeniedException;
  }

  private static int misused(ParameterException e, String[] arguments) {
    CommandLine command = e.getCommandLine();
    command
        .getErr()
        .printf(
            "millrace: %s; see ./%s --help%n",
            misuse(e, arguments), command.getCommandSpec().qualifiedName());
    return USAGE;
  }

  private static String misuse(ParameterException e, String[] arguments) {
    String option = unknownOption(e, arguments);
    if (option != null) {
      Set<String> options = e.getCommandLine().getCommandSpec().optionsMap().keySet();
      return "no option " + option + didYouMean(option, options);
    }
    if (e instanceof UnmatchedArgumentException unmatched) {
      String unknown = unmatched.getUnmatched().get(0);
      return e.getCommandLine().getSubcommands().isEmpty()
          ? "'%s' is one argument too many (quotes hold several words together)".formatted(unknown)
          : noCommand(unknown, e.getCommandLine());
    }
    return ErrorLine.of(e).replaceFirst("^Error: ", "").replace("option option", "option");
  }

  /** An option that there is not, also where picocli rather speaks of what is missing. */
  private static @Nullable String unknownOption(ParameterException e, String[] arguments) {
    if (e instanceof UnmatchedArgumentException unmatched && unmatched.isUnknownOption()) {
      return name(unmatched.getUnmatched().get(0));
    }
    Set<String> known = e.getCommandLine().getCommandSpec().optionsMap().keySet();
    return e instanceof MissingParameterException
        ? Arrays.stream(arguments)
            .takeWhile(argument -> !argument.equals("--"))
            .filter(argument -> argument.startsWith("--"))
            .map(Main::name)
            .filter(option -> !known.contains(option))
            .findFirst()
            .orElse(null)
        : null;
  }

  /** Of {@code --name=value}. */
  private static String name(String option) {
    return option.replaceFirst("=.*", "");
  }

  private static String noCommand(String unknown, CommandLine among) {
    Set<String> commands = among.getSubcommands().keySet();
    String meant = didYouMean(unknown, commands);
    return "no command " + unknown + (meant.isEmpty() ? ", expected one of " + commands : meant);
  }

  private static String didYouMean(String given, Set<String> known) {
    return NearestName.of(given, known).map(near -> ", did you mean " + near + "?").orElse("");
  }
}
