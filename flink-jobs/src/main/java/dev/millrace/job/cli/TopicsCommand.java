package dev.millrace.job.cli;

import dev.millrace.job.io.Topics;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Makes the topics of both jobs on a broker that is not ours. */
@Command(
    name = "topics",
    description = {
      "Creates the topics that both jobs use and the broker does not have: releases compacted in one",
      "partition, samples, requests and answers with the broker's append time."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace topics --bootstrap localhost:9092",
      "  ./millrace topics --bootstrap localhost:9092 --partitions 16 --prefix team."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class TopicsCommand implements Callable<Integer> {

  @Mixin private Output output;
  @Mixin private BrokerOption broker;

  @Option(
      names = "--partitions",
      paramLabel = "N",
      description = "Of each but releases (default: ${DEFAULT-VALUE}).")
  private int partitions = 4;

  @Option(
      names = "--prefix",
      paramLabel = "P",
      description = "What every name begins with (default: ${DEFAULT-VALUE}).")
  private String prefix = Topics.DEFAULT_PREFIX;

  @Override
  public Integer call() {
    Topics topics = Topics.create(broker.require(output.err()), prefix, partitions);
    output.result(Map.of("topics", topics.all()), String.join("\n", topics.all()));
    return 0;
  }
}
