package dev.millrace.job.cli;

import java.util.List;
import picocli.CommandLine.Option;

/** How an answer is drawn, and where it ends. */
final class SamplingOptions {

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description = "0 takes the likeliest token, always (default: ${DEFAULT-VALUE}).")
  private double temperature = 0;

  @Option(
      names = "--top-k",
      paramLabel = "N",
      description = "Draw among so many likeliest tokens; 0 for all (default: ${DEFAULT-VALUE}).")
  private int topK = 0;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      description =
          "Draw among the likeliest tokens that hold this share of the probability "
              + "(default: ${DEFAULT-VALUE}).")
  private double topP = 1;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of the draws (default: ${DEFAULT-VALUE}).")
  private long seed = 0;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "End before this text; \\n is a line break. May be given several times.")
  private List<String> stop = List.of();

  double temperature() {
    return temperature;
  }

  int topK() {
    return topK;
  }

  double topP() {
    return topP;
  }

  long seed() {
    return seed;
  }

  List<String> stop() {
    return stop.stream().map(text -> text.replace("\\n", "\n")).toList();
  }
}
