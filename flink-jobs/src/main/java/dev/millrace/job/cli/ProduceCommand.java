package dev.millrace.job.cli;

import dev.millrace.job.cli.options.BrokerOption;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.cli.options.TextFieldOption;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.KafkaTopics;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.loop.InputFile;
import dev.millrace.job.loop.UserInput;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.Counted;
import dev.millrace.schema.wire.JsonLines;
import dev.millrace.schema.wire.Names;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "produce",
    description = {
      "Writes JSON lines to a topic as Avro records: samples or requests. Text files are samples too,",
      "in pieces of whole paragraphs. Without --bootstrap it writes to the cluster",
      "that is up, else to 127.0.0.1:9092."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace produce --topic millrace.samples --bootstrap 127.0.0.1:9092 events.jsonl",
      "  ./millrace produce --topic millrace.samples --domain handbook handbook/",
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
      paramLabel = "FILE|DIR|-",
      description = {TextFieldOption.INPUT, "- is JSON lines from standard input."})
  private String file;

  @Mixin private TextFieldOption textField;

  private final long started = System.currentTimeMillis();
  private final SortedMap<String, Integer> refusals = new TreeMap<>();

  @Override
  public Integer call() throws Exception {
    if (!topic.endsWith("samples") && !topic.endsWith("requests")) {
      throw new IllegalArgumentException(
          "topic " + topic + ", expected a name that ends in samples or requests");
    }
    requireDomain();
    requireInput();
    MillraceConfig config = broker.find(null, output.err()).orElseGet(this::local);
    String at = config.kafka().bootstrap();
    int written;
    try (RecordWriter writer = new RecordWriter(config.kafka())) {
      writer.awaitTopic(topic, output.err()::println);
      written = send(writer);
    }
    int refused = refusals.values().stream().mapToInt(count -> count).sum();
    if (refused > 0) {
      output.err().println("refused, by reason: " + refusals);
    }
    output.result(
        Map.of("broker", at, "topic", topic, "written", written, "refused", refused),
        "%s written to %s at %s, %d refused"
            .formatted(Counted.of(written, "record", "records"), topic, at, refused));
    return refused == 0 ? 0 : Output.FAILED;
  }

  private int send(RecordWriter writer) throws IOException {
    try (Sending sending = new Sending(writer, topic, output.err())) {
      try {
        if (samples()) {
          sendSamples(sending);
        } else {
          sendRequests(sending);
        }
        sending.flush();
      } catch (IOException | RuntimeException e) {
        sending.end();
        throw e;
      }
      return sending.written();
    }
  }

  /** A request may also name what no sample can. */
  private void requireDomain() {
    boolean samples = samples();
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

  private boolean samples() {
    return topic.endsWith("samples");
  }

  private boolean standardInput() {
    return file.equals("-");
  }

  private void requireInput() {
    if (!samples() && textField.name() != null) {
      throw new IllegalArgumentException("--text-field is for samples, topic is " + topic);
    }
    if (!standardInput() && samples()) {
      UserInput.requireReadable(Path.of(file), textField.name());
    } else if (!standardInput()) {
      InputFile.readable(Path.of(file));
    }
  }

  private void sendSamples(Sending sending) throws IOException {
    UserInput input = new UserInput(domain, textField.name(), InstantSource.system());
    BiConsumer<String, Sample> send =
        (where, sample) -> {
          String key = sample.domain() == null ? sample.source() : sample.domain();
          sending.send(where, key, Codecs.samples().encode(sample));
        };
    if (standardInput()) {
      input.lines(InputFile.undecoded(System.in), "stdin-" + started, send, this::refuse);
      return;
    }
    SortedMap<String, Integer> passedOver = input.read(Path.of(file), send, this::refuse);
    if (!passedOver.isEmpty()) {
      output.err().println("files passed over, by reason: " + passedOver);
    }
  }

  private void sendRequests(Sending sending) throws IOException {
    try (BufferedReader reader =
        standardInput() ? InputFile.undecoded(System.in) : InputFile.open(Path.of(file))) {
      UserInput.each(
          reader,
          (line, number) -> JsonLines.request(line, domain, System.currentTimeMillis()),
          (where, request) -> sending.send(where, request.id(), Codecs.requests().encode(request)),
          this::refuse);
    }
  }

  private void refuse(UserInput.Refused refused) {
    int count = refusals.merge(refused.reason(), 1, Integer::sum);
    if (count <= SHOWN || Integer.bitCount(count) == 1) {
      output.say("%s refused, %s: %s", refused.where(), refused.reason(), refused.detail());
    }
  }
}
