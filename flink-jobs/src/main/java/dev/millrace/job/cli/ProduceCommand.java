package dev.millrace.job.cli;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.KafkaTopics;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.loop.UserMaterial;
import dev.millrace.schema.Request;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.InvalidRecordException;
import dev.millrace.schema.wire.JsonLines;
import dev.millrace.schema.wire.Names;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "produce",
    description = {
      "Writes JSON lines to a topic as Avro records: samples or requests. Without --bootstrap it",
      "writes to the cluster that is up, else to 127.0.0.1:9092."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace produce --topic millrace.samples --bootstrap 127.0.0.1:9092 events.jsonl",
      "  tail -F events.jsonl | ./millrace produce --topic millrace.samples -"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ProduceCommand implements Callable<Integer> {

  private static final String LOCAL = "127.0.0.1:9092";

  /** Refused lines that are shown, of each reason; of later ones the eighth, the sixteenth, … */
  private static final int SHOWN = 4;

  @Mixin private Output output;
  @Mixin private BrokerOption broker;

  @Option(
      names = "--topic",
      required = true,
      paramLabel = "T",
      description = "The topic; its name ends in samples or requests.")
  private String topic;

  @Option(names = "--domain", paramLabel = "D", description = "The domain of lines that name none.")
  private @Nullable String domain;

  @Parameters(
      paramLabel = "FILE|-",
      description = "JSON lines, .jsonl or .jsonl.gz; - is standard input.")
  private String file;

  private final long started = System.currentTimeMillis();
  private int written;
  private final SortedMap<String, Integer> refusals = new TreeMap<>();

  @Override
  public Integer call() throws Exception {
    if (!topic.endsWith("samples") && !topic.endsWith("requests")) {
      throw new IllegalArgumentException(
          "topic " + topic + ", expected a name that ends in samples or requests");
    }
    requireDomain();
    String at;
    try (BufferedReader reader = open()) {
      MillraceConfig config = broker.find(null, output.err()).orElseGet(this::local);
      at = config.kafka().bootstrap();
      try (RecordWriter writer = new RecordWriter(config.kafka())) {
        writer.awaitTopic(topic, output.err()::println);
        send(reader, writer);
      }
    }
    int refused = refusals.values().stream().mapToInt(count -> count).sum();
    if (refused > 0) {
      output.err().println("lines refused, by reason: " + refusals);
    }
    output.result(
        Map.of("broker", at, "topic", topic, "written", written, "refused", refused),
        "%d records written to %s at %s, %d lines refused".formatted(written, topic, at, refused));
    return refused == 0 ? 0 : Main.FAILED;
  }

  /** A request may also name what no sample can. */
  private void requireDomain() {
    boolean samples = topic.endsWith("samples");
    if (domain != null && !(samples ? Names.isDomain(domain) : Names.isName(domain))) {
      throw new IllegalArgumentException(
          "--domain %s, expected %s"
              .formatted(domain, samples ? Names.EXPECTED_DOMAIN : Names.EXPECTED));
    }
  }

  private MillraceConfig local() {
    output.err().println("no cluster is up, using broker " + LOCAL);
    MillraceConfig config = broker.at(LOCAL);
    KafkaTopics.await(config.kafka(), output.err()::println);
    return config;
  }

  private void send(BufferedReader reader, RecordWriter writer) throws IOException {
    int number = 0;
    for (String line = reader.readLine(); line != null; line = reader.readLine()) {
      number++;
      if (!line.isBlank()) {
        send(writer, line, number);
      }
    }
    writer.flush();
  }

  private void send(RecordWriter writer, String line, int number) {
    long now = System.currentTimeMillis();
    try {
      String text = UserMaterial.decoded(line);
      if (topic.endsWith("samples")) {
        Sample sample = JsonLines.sample(text, unnamed(number), domain, now);
        String key = sample.domain() == null ? sample.source() : sample.domain();
        writer.send(topic, key, Codecs.samples().encode(sample));
      } else {
        Request request = JsonLines.request(text, domain, now);
        writer.send(topic, request.id(), Codecs.requests().encode(request));
      }
      written++;
    } catch (InvalidRecordException e) {
      int count = refusals.merge(e.reason(), 1, Integer::sum);
      if (count <= SHOWN || Integer.bitCount(count) == 1) {
        output.err().println("line " + number + " refused, " + e.reason() + ": " + e.detail());
      }
    }
  }

  /** A file's line has the same id however often it is written. */
  private String unnamed(int number) {
    return file.equals("-")
        ? "stdin-%d#%d".formatted(started, number)
        : UserMaterial.unnamed(Path.of(file), number);
  }

  private BufferedReader open() throws IOException {
    return file.equals("-") ? UserMaterial.undecoded(System.in) : UserMaterial.open(Path.of(file));
  }
}
