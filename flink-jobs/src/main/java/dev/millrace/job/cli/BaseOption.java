package dev.millrace.job.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The base model that a command works with. */
final class BaseOption {

  @Option(
      names = "--base",
      paramLabel = "DIR",
      description = "The base model (default: models/nano).")
  private Path base = Home.here().nano();

  /** Its checkpoint folder. */
  Path folder() {
    if (!Files.isRegularFile(base.resolve("config.json"))) {
      throw new IllegalArgumentException(
          "base " + base + ", expected a checkpoint folder with a config.json");
    }
    return base;
  }
}
