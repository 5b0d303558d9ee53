package dev.millrace.job.cli.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;

import dev.millrace.job.cli.options.Home;
import dev.millrace.job.cli.options.ShellWords;
import dev.millrace.model.weights.WholeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What the jobs of the cluster on this machine were submitted with, so that they can go on with it.
 *
 * @param folder a file for each job, named by its id, of a setting a line
 */
public record Submitted(Path folder) {

  /** Flink names a savepoint by the first digits of its job's id. */
  private static final Pattern SAVEPOINT = Pattern.compile("savepoint-([0-9a-f]+)-[0-9a-f]+");

  public static Submitted here() {
    return new Submitted(Home.here().cluster().home().resolve("submitted"));
  }

  public void note(String job, List<String> settings) throws IOException {
    Files.createDirectories(folder);
    byte[] lines = settings.stream().map(set -> set + "\n").collect(joining()).getBytes(UTF_8);
    WholeFile.write(folder.resolve(job), lines);
  }

  /**
   * The command that goes on from a savepoint or a job's folder of checkpoints, with the settings
   * that are known of the job that left it.
   *
   * @param where which cluster it is to speak to, in words; none is the one on this machine
   */
  String again(SubmitCommand.Job kind, String from, List<String> where) throws IOException {
    List<String> words = new ArrayList<>(List.of("./millrace", "submit", kind.name()));
    words.addAll(where);
    words.addAll(List.of("--savepoint", from));
    settings(from).orElse(List.of()).forEach(set -> words.addAll(List.of("--set", set)));
    return ShellWords.line(words.stream());
  }

  /** What settings say of a key; the fallback if they do not. */
  static String value(List<String> settings, String key, String fallback) {
    return settings.stream()
        .filter(set -> set.startsWith(key + "="))
        .map(set -> set.substring(key.length() + 1))
        .reduce(fallback, (before, last) -> last);
  }

  /**
   * What a job was given.
   *
   * @param from its id, or a savepoint or folder of checkpoints that it left
   * @return empty if that is not known, as of one that was submitted otherwise
   */
  Optional<List<String>> settings(String from) throws IOException {
    String name = from.substring(from.lastIndexOf('/') + 1);
    Matcher savepoint = SAVEPOINT.matcher(name);
    String id = savepoint.matches() ? savepoint.group(1) : name;
    List<Path> noted = new ArrayList<>();
    if (Files.isDirectory(folder)) {
      try (Stream<Path> files = Files.list(folder)) {
        files.filter(file -> file.getFileName().toString().startsWith(id)).forEach(noted::add);
      }
    }
    return noted.size() == 1 ? Optional.of(Files.readAllLines(noted.get(0))) : Optional.empty();
  }
}
