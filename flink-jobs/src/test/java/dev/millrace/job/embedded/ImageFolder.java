package dev.millrace.job.embedded;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.flink.runtime.util.EnvironmentInformation;

/**
 * What {@code docker/Dockerfile} makes, in a folder: each of its instructions carried out on
 * Flink's own jars in the place of Flink's image.
 *
 * @param root stands for {@code /}
 * @param environment what ENV sets
 */
record ImageFolder(Path root, Map<String, String> environment) {

  private static final String FLINK = "/opt/flink";

  static ImageFolder build(Path repository, Path root) throws IOException {
    ImageFolder image = new ImageFolder(root, new TreeMap<>());
    String dockerfile = Files.readString(repository.resolve("docker/Dockerfile"));
    String joined = dockerfile.replaceAll("(?m)^#.*\\R", "").replaceAll("\\\\\\R", " ");
    for (String line : joined.lines().map(String::strip).filter(l -> !l.isEmpty()).toList()) {
      List<String> words = Arrays.asList(line.split("\\s+"));
      image.carryOut(repository, words.get(0), words.subList(1, words.size()));
    }
    return image;
  }

  /** Flink's home. */
  Path home() {
    return at(FLINK);
  }

  /** A word in which the image's paths are those of the folder. */
  String inFolder(String word) {
    return word.replace(FLINK, home().toString())
        .replace("/var/millrace", at("/var/millrace").toString());
  }

  private void carryOut(Path repository, String instruction, List<String> words)
      throws IOException {
    switch (instruction) {
      case "FROM" -> from(repository, words.get(0));
      case "COPY" -> copy(repository, words.stream().filter(w -> !w.startsWith("--")).toList());
      case "ENV" ->
          words.forEach(
              word -> environment.put(word.replaceAll("=.*", ""), word.replaceAll(".*=", "")));
      case "RUN" -> run(String.join(" ", words));
      case "VOLUME" -> require(Files.isDirectory(at(words.get(0))), "VOLUME " + words);
      default -> throw new IllegalStateException(instruction + ", expected one that this knows");
    }
  }

  private void from(Path repository, String base) {
    String version = EnvironmentInformation.getVersion();
    require(base.startsWith("flink:" + version + "-"), base + " of version " + version);
    ClusterLib lib = new ClusterLib(repository.resolve("flink-jobs/target"));
    lib.fillFlinkAlone(home().resolve("lib"));
    lib.fillPlugins(home().resolve("plugins"));
  }

  private void copy(Path repository, List<String> words) throws IOException {
    Path target = at(words.get(words.size() - 1));
    Files.createDirectories(target);
    for (String source : words.subList(0, words.size() - 1)) {
      Path from = repository.resolve(source);
      if (Files.isDirectory(from)) {
        copyTree(from, target);
      } else {
        for (Path file : matching(from)) {
          Files.copy(file, target.resolve(file.getFileName()));
        }
      }
    }
  }

  private static List<Path> matching(Path pattern) throws IOException {
    PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + pattern);
    try (Stream<Path> files = Files.list(pattern.getParent())) {
      List<Path> found = files.filter(matcher::matches).toList();
      require(!found.isEmpty(), "COPY " + pattern + ": a file");
      return found;
    }
  }

  private static void copyTree(Path from, Path target) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path to = target.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(to);
        } else {
          Files.copy(file, to);
        }
      }
    }
  }

  /** Makes folders; to whom they belong is not asked here. */
  private void run(String command) throws IOException {
    List<String> made = new ArrayList<>();
    for (String part : command.split("&&", -1)) {
      String[] words = part.strip().split("\\s+");
      boolean makes = part.strip().startsWith("mkdir -p ");
      require(makes || words[0].equals("chown"), part + ": mkdir -p or chown");
      if (makes) {
        made.addAll(Arrays.asList(words).subList(2, words.length));
      }
    }
    for (String folder : made) {
      Files.createDirectories(at(folder));
    }
  }

  private Path at(String path) {
    return root.resolve(path.substring(1));
  }

  private static void require(boolean holds, String expected) {
    if (!holds) {
      throw new IllegalStateException("the Dockerfile: expected " + expected);
    }
  }
}
