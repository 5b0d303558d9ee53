package dev.millrace.job.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Which of the built jars go where on a cluster, by the first part of their names.
 *
 * @param build the folder that holds the job jar and {@code lib/}
 */
record ClusterLib(Path build) {

  /** What Flink's own distribution holds. */
  private static final List<String> FLINK =
      List.of(
          "async-profiler-",
          "commons-cli-",
          "commons-collections-",
          "commons-compress-",
          "commons-io-",
          "commons-lang3-",
          "commons-math3-",
          "commons-text-",
          "flink-",
          "frocksdbjni-",
          "javassist-",
          "jsr305-",
          "kryo-",
          "log4j-",
          "minlog-",
          "objenesis-",
          "reflectasm-",
          "slf4j-api-",
          "snakeyaml-engine-",
          "snappy-java-");

  /** What each has a class loader of its own for, under {@code plugins/}. */
  private static final List<String> PLUGINS = List.of("flink-metrics-prometheus-");

  /**
   * The model runtime, the records that it shares with the jobs, and what both stand on. The native
   * library among it can be loaded by one class loader of a process only.
   */
  private static final List<String> MODEL =
      List.of(
          "api-",
          "avro-",
          "caffeine-",
          "jackson-annotations-",
          "jackson-core-",
          "jackson-databind-",
          "jna-",
          "model-runtime-",
          "pytorch-",
          "schemas-",
          "tokenizers-");

  /** Of these what is Millrace's: a job takes it from there, whatever its own jar holds. */
  private static final String OWN = "{model-runtime,schemas}-*.jar";

  /** What a job reads and writes Kafka with. */
  private static final List<String> CONNECTOR =
      List.of(
          "flink-connector-base-",
          "flink-connector-kafka-",
          "kafka-clients-",
          "lz4-java-",
          "zstd-jni-");

  /** The Java agent that a task manager warms up by. */
  static final String WARM_UP = "flink-jobs-warmup.jar";

  private static final List<String> BROKER =
      List.of(
          "HdrHistogram-",
          "argparse4j-",
          "commons-",
          "hash4j-",
          "jackson-",
          "jopt-simple-",
          "jose4j-",
          "jspecify-",
          "kafka",
          "log4j-",
          "lz4-java-",
          "metrics-core-",
          "pcollections-",
          "re2j-",
          "scala-",
          "slf4j-api-",
          "snappy-java-",
          "zstd-jni-");

  /** The jar that is submitted. */
  Path jobJar() {
    return build.resolve("millrace-job.jar");
  }

  /** Fills a folder with the class path of job manager and task managers. */
  void fillFlink(Path target) {
    fill(
        target,
        name -> isFlinks(name) || startsWithAny(name, MODEL) || startsWithAny(name, CONNECTOR));
    put(build.resolve(WARM_UP), target);
  }

  /** Fills a folder with what Flink's own image has on that class path. */
  void fillFlinkAlone(Path target) {
    fill(target, ClusterLib::isFlinks);
  }

  private static boolean isFlinks(String name) {
    return startsWithAny(name, FLINK)
        && !startsWithAny(name, CONNECTOR)
        && !startsWithAny(name, PLUGINS);
  }

  /** Fills a folder with what Flink loads as plugins, a folder for each. */
  void fillPlugins(Path target) {
    PLUGINS.forEach(
        plugin ->
            fill(
                target.resolve(plugin.substring(0, plugin.length() - 1)),
                name -> name.startsWith(plugin)));
  }

  /** Fills a folder with the class path of the broker. */
  void fillKafka(Path target) {
    fill(target, name -> startsWithAny(name, BROKER));
    put(build.resolve("flink-jobs.jar"), target);
  }

  /** The jars of Millrace's own in such a folder that this build has not, or has otherwise. */
  List<String> outdated(Path filled) {
    try (DirectoryStream<Path> jars = Files.newDirectoryStream(filled, OWN)) {
      List<String> outdated = new ArrayList<>();
      for (Path jar : jars) {
        Path built = build.resolve("lib").resolve(jar.getFileName());
        if (!Files.exists(built) || Files.mismatch(jar, built) >= 0) {
          outdated.add(jar.getFileName().toString());
        }
      }
      return outdated;
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot compare " + filled, e);
    }
  }

  private void fill(Path target, Predicate<String> wanted) {
    TempDirectory.delete(target);
    try {
      Files.createDirectories(target);
      try (Stream<Path> jars = Files.list(build.resolve("lib"))) {
        jars.filter(jar -> !jar.toString().endsWith("-sources.jar"))
            .filter(jar -> wanted.test(jar.getFileName().toString()))
            .forEach(jar -> put(jar, target));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot assemble " + target, e);
    }
  }

  /** Copies what a later build may overwrite; links the rest, which is large. */
  private void put(Path jar, Path folder) {
    Path target = folder.resolve(jar.getFileName());
    try {
      if (jar.toString().contains("-SNAPSHOT") || build.equals(jar.getParent())) {
        Files.copy(jar, target, StandardCopyOption.REPLACE_EXISTING);
      } else {
        link(jar, target);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot put " + jar + " into " + folder, e);
    }
  }

  private static void link(Path jar, Path target) throws IOException {
    try {
      Files.createLink(target, jar);
    } catch (IOException | UnsupportedOperationException e) {
      Files.copy(jar, target, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static boolean startsWithAny(String name, List<String> prefixes) {
    return prefixes.stream().anyMatch(name::startsWith);
  }
}
