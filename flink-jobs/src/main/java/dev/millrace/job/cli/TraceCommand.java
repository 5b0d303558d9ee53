package dev.millrace.job.cli;

import dev.millrace.job.Openers;
import dev.millrace.job.cli.options.BrokerOption;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.cli.options.StoreOption;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.Topics;
import dev.millrace.job.loop.Recorder;
import dev.millrace.job.releases.SampleTrace;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.job.report.Recording;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "trace",
    description = {
      "Says where a sample is, or where it went: its offset, its score, why it was refused, the",
      "batch and the release that learned it, the gate's verdict, who had it forgotten. --set names",
      "what the jobs were submitted with, such as heldOut.everyNth."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace trace --sample mail-4711",
      "  ./millrace trace --sample mail-4711 --bootstrap 127.0.0.1:9092 --store out/store --json"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class TraceCommand implements Callable<Integer> {

  @Mixin private Output output;
  @Mixin private BrokerOption broker;
  @Mixin private StoreOption store;

  @Option(
      names = "--sample",
      required = true,
      paramLabel = "ID",
      description = "The sample's id, as its producer gave it.")
  private String sample;

  @Override
  public Integer call() throws Exception {
    MillraceConfig config = broker.require(output.err());
    StoredReleases stored = releases(store.folder(broker));
    List<SampleTrace> found = SampleTrace.of(read(config), stored, Openers.heldOut(config), sample);
    if (found.isEmpty()) {
      throw new IllegalArgumentException(
          "sample %s, expected one on topic %s"
              .formatted(sample, new Topics(config.kafka().prefix()).samples()));
    }
    output.result(found, found.stream().map(SampleTrace::text).collect(Collectors.joining("\n")));
    return 0;
  }

  /** Before the first release there is no store. */
  private StoredReleases releases(Path folder) {
    return Files.exists(folder)
        ? StoredReleases.read(folder, output.err()::println)
        : new StoredReleases(folder, new TreeMap<>());
  }

  private Recording read(MillraceConfig config) {
    Topics topics = new Topics(config.kafka().prefix());
    List<String> read =
        List.of(topics.samples(), topics.rejected(), topics.verdicts(), topics.releases());
    try (RecordReader reader = RecordReader.fromBeginning(config.kafka(), read)) {
      return Recorder.trace(reader, topics, sample);
    }
  }
}
