package dev.millrace.job.cli;

import dev.millrace.job.cli.options.BrokerOption;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.Topics;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Makes the topics of both jobs on a broker that is not ours. */
@Command(
    name = "topics",
    description = {
      "Creates the topics that both jobs use and the broker does not have: releases compacted in one",
      "partition, samples, requests and answers with the broker's append time. Fails if the one of",
      "releases is otherwise."
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
      description = "What every name begins with (default: " + Topics.DEFAULT_PREFIX + ").")
  private @Nullable String prefix;

  @Override
  public Integer call() {
    if (partitions < 1) {
      throw new IllegalArgumentException("--partitions " + partitions + ", expected at least 1");
    }
    Map<String, String> own = prefix == null ? Map.of() : Map.of("kafka.prefix", prefix);
    MillraceConfig unused =
        MillraceConfig.defaults().with(own); // else a broker is waited for first
    MillraceConfig config = broker.require(output.err()).with(own);
    Topics topics = Topics.create(config.kafka(), partitions, output.err()::println);
    output.result(Map.of("topics", topics.all()), String.join("\n", topics.all()));
    return 0;
  }
}
