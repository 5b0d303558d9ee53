package dev.millrace.job.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A container of the image, in a folder: started as Docker would, by the entry script of Flink's
 * image, with the scripts and the configuration of Flink's distribution. None of those are ours,
 * and Maven has none of them.
 *
 * @param image one of its own, for the script writes its configuration into it
 */
record EntryScript(ImageFolder image) {

  private static final String SCRIPT = "docker-entrypoint.sh";

  /**
   * Puts the scripts into the image.
   *
   * @param scripts holds {@code docker-entrypoint.sh} as Flink's image has it, and {@code bin/} and
   *     {@code conf/} as its distribution has them
   */
  static EntryScript install(ImageFolder image, Path scripts) throws IOException {
    copy(scripts.resolve(SCRIPT), image.root().resolve(SCRIPT));
    for (String part : List.of("bin", "conf")) {
      try (Stream<Path> files = Files.list(scripts.resolve(part))) {
        for (Path file : files.toList()) {
          copy(file, image.home().resolve(part).resolve(file.getFileName()));
        }
      }
    }
    Files.createDirectories(image.home().resolve("log"));
    standInForFlinkDist(image.home().resolve("lib"));
    return new EntryScript(image);
  }

  private static void copy(Path file, Path target) throws IOException {
    Files.createDirectories(target.getParent());
    Files.copy(file, target);
    if (target.toString().endsWith(".sh") && !target.toFile().setExecutable(true)) {
      throw new IOException("cannot make " + target + " executable");
    }
  }

  /** The scripts want one jar by that name, and Maven has its parts. */
  private static void standInForFlinkDist(Path lib) throws IOException {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    try (Stream<Path> jars = Files.list(lib)) {
      String parts =
          jars.map(jar -> jar.getFileName().toString()).sorted().collect(Collectors.joining(" "));
      manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, parts);
    }
    try (var file = Files.newOutputStream(lib.resolve("flink-dist-parts.jar"))) {
      new JarOutputStream(file, manifest).close();
    }
  }

  /**
   * Runs a command of the image.
   *
   * @param properties what FLINK_PROPERTIES says, the image's paths in it
   * @param others in the place of what properties say
   */
  Process start(List<String> command, String properties, Map<String, String> others, Path log)
      throws IOException {
    List<String> words = new ArrayList<>();
    words.add(image.root().resolve(SCRIPT).toString());
    command.forEach(word -> words.add(image.inFolder(word)));
    ProcessBuilder process = new ProcessBuilder(words).directory(image.home().toFile());
    Map<String, String> environment = process.environment();
    environment.keySet().removeIf(name -> name.startsWith("FLINK_") || name.startsWith("MALLOC_"));
    environment.putAll(image.environment());
    environment.put("FLINK_HOME", image.home().toString());
    environment.put("JAVA_HOME", System.getProperty("java.home"));
    environment.put("FLINK_PID_DIR", image.root().resolve("tmp").toString());
    StringBuilder all = new StringBuilder();
    image
        .inFolder(properties)
        .lines()
        .filter(line -> !others.containsKey(line.replaceAll(":.*", "").strip()))
        .forEach(line -> all.append(line).append('\n'));
    others.forEach((key, value) -> all.append(key).append(": ").append(value).append('\n'));
    environment.put("FLINK_PROPERTIES", all.toString());
    return process.redirectErrorStream(true).redirectOutput(log.toFile()).start();
  }

  /** The Flink configuration that the script has written. */
  String configuration() throws IOException {
    return Files.readString(image.home().resolve("conf/config.yaml"));
  }
}
