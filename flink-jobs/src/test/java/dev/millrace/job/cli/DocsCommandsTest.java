package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.bench.Benchmarks;
import dev.millrace.job.cli.options.Numbers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** Every command in README and docs is one that there is, with options that there are. */
class DocsCommandsTest {

  private static final Path ROOT = Path.of(System.getProperty("millrace.root", ".."));
  private static final String COMMAND = "./millrace ";
  private static final int FEWEST = 40;
  private static final int FEWEST_OTHERS = 20;

  /** A quoted word or a plain one. */
  private static final Pattern CODE = Pattern.compile("`([^`]*)`");

  /**
   * What a line that is not ours is known by: the end of its route, its topic, its file, its verb.
   */
  private static final Pattern OTHER =
      Pattern.compile(
          "curl .*?(?:localhost:\\d+|\\$FLINK)\\S*?(/\\w+)(?:[\\s?'].*)?"
              + "|kcat .*?(-t \\S+|-L\\b).*"
              + "|(?:python3|java) (docs/\\S+).*"
              + "|docker (compose -f \\S+ \\w+).*");

  /** A command of a group, in prose. */
  private static final Pattern GROUPED = Pattern.compile("`(model|releases) ([a-z|-]+)[^`]*`");

  /** A command and what it is told to do, of those that have more than one thing to do. */
  private static final Pattern KIND =
      Pattern.compile("((?:model|releases|cluster|submit) [a-z-]+|[a-z-]+).*");

  @Test
  void commands_ofAllPages_areRunByTheScript() throws IOException {
    String script = Files.readString(ROOT.resolve("docs/run-commands.sh"));
    List<String> problems = new ArrayList<>();
    for (Path page : pages()) {
      for (String command : commands(Files.readString(page))) {
        Matcher kind = KIND.matcher(command);
        assertTrue(kind.matches(), command);
        if (!script.contains(COMMAND + kind.group(1))) {
          problems.add(ROOT.relativize(page) + ": " + command);
        }
      }
    }
    assertEquals(List.of(), problems, "docs/run-commands.sh does not run these");
  }

  @Test
  void linesOfOthers_ofAllPages_areRunByTheScript() throws IOException {
    String script = Files.readString(ROOT.resolve("docs/run-commands.sh"));
    List<String> found = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    for (Path page : pages()) {
      Files.readString(page)
          .lines()
          .flatMap(DocsCommandsTest::inBlock)
          .map(OTHER::matcher)
          .filter(Matcher::matches)
          .forEach(
              line -> {
                found.add(line.group());
                if (!script.contains(known(line))) {
                  problems.add(ROOT.relativize(page) + ": " + line.group());
                }
              });
    }
    assertEquals(List.of(), problems, "docs/run-commands.sh does not run these");
    assertTrue(found.size() >= FEWEST_OTHERS, found::toString);
  }

  private static String known(Matcher line) {
    return IntStream.rangeClosed(1, line.groupCount())
        .mapToObj(line::group)
        .filter(Objects::nonNull)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void benchmarks_allOfThem_haveARowAndAreTriedByTheScript() throws IOException {
    String page = Files.readString(ROOT.resolve("docs/bench.md"));
    String script = Files.readString(ROOT.resolve("docs/run-commands.sh"));
    String tried =
        script.lines().filter(line -> line.contains("for name in ")).findFirst().orElseThrow();
    for (String name : Benchmarks.names()) {
      assertTrue(page.contains("| `" + name + "` |"), name + " in docs/bench.md");
      assertTrue(tried.matches(".*\\b" + name + "\\b.*"), name + " in docs/run-commands.sh");
    }
  }

  @Test
  void commands_ofAllPages_areUnderstood() throws IOException {
    CommandLine millrace = Numbers.understoodBy(new CommandLine(new Main()));
    List<String> problems = new ArrayList<>();
    int found = 0;
    for (Path page : pages()) {
      for (String command : commands(Files.readString(page))) {
        found++;
        try {
          millrace.parseArgs(CommandLines.words(command));
        } catch (CommandLine.ParameterException e) {
          problems.add(ROOT.relativize(page) + ": " + command + ": " + e.getMessage());
        }
      }
    }
    assertEquals(List.of(), problems);
    assertTrue(found >= FEWEST, found + " commands");
  }

  /** As `releases show`, without what it is run by. */
  @Test
  void commands_inProseOfAllPages_areSomeThatThereAre() throws IOException {
    CommandLine millrace = new CommandLine(new Main());
    List<String> problems = new ArrayList<>();
    int found = 0;
    for (Path page : pages()) {
      for (MatchResult named : GROUPED.matcher(Files.readString(page)).results().toList()) {
        found++;
        CommandLine group = millrace.getSubcommands().get(named.group(1));
        if (!group.getSubcommands().keySet().containsAll(List.of(named.group(2).split("\\|")))) {
          problems.add(ROOT.relativize(page) + ": " + named.group());
        }
      }
    }
    assertEquals(List.of(), problems);
    assertTrue(found >= FEWEST, found + " commands");
  }

  private static List<Path> pages() throws IOException {
    try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
      return Stream.concat(Stream.of(ROOT.resolve("README.md")), docs)
          .filter(path -> path.toString().endsWith(".md"))
          .filter(path -> !path.toString().contains("results"))
          .sorted()
          .toList();
    }
  }

  /** Each figure has a command beside it that can be pasted. */
  @Test
  void figures_ofTheReadme_areEachPrintedByACommand() throws IOException {
    List<String> rows =
        Files.readString(ROOT.resolve("README.md"))
            .lines()
            .dropWhile(line -> !line.equals("| what | figure | command | beside |"))
            .skip(2)
            .takeWhile(line -> line.startsWith("|"))
            .toList();
    assertTrue(rows.size() >= 10, rows::toString);
    rows.forEach(row -> assertTrue(inCells(row).findAny().isPresent(), row));
  }

  /** Lines of blocks, put together where they go on in the next, and what stands in tables. */
  private static List<String> commands(String page) {
    return page.replaceAll("\\\\\\n\\s*", "")
        .lines()
        .flatMap(line -> line.startsWith("|") ? inCells(line) : inBlock(line))
        .filter(line -> line.startsWith(COMMAND))
        .map(line -> line.substring(COMMAND.length()).split("\\s{2,}|\\s#|\\s[<>&]", 2)[0])
        .toList();
  }

  private static Stream<String> inBlock(String line) {
    return line.startsWith("    ")
        ? Stream.of(line.split("&&|\\|", -1)).map(String::strip)
        : Stream.of();
  }

  private static Stream<String> inCells(String row) {
    return CODE.matcher(row).results().map(code -> code.group(1)).filter(DocsCommandsTest::runs);
  }

  private static boolean runs(String code) {
    return code.startsWith(COMMAND);
  }
}
