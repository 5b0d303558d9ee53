package dev.millrace.job.cli.releases;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.job.TaughtSamples;
import dev.millrace.job.cli.options.BrokerOption;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.cli.options.StoreOption;
import dev.millrace.job.releases.Forgetting;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.weights.WholeFile;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Counted;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "samples",
    description = {
      "Reads what taught a release and its parents again from the recorded offsets, and writes it as",
      "lines {\"id\",\"text\",\"document\",\"source\"}: what consolidate and compress take."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace releases samples 3f9a --out legal.jsonl",
      "  ./millrace model consolidate --adapter legal=STORE/ID --input legal=legal.jsonl --out models/next"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class SamplesCommand implements Callable<Integer> {

  @Mixin private Output output;
  @Mixin private BrokerOption broker;
  @Mixin private StoreOption store;

  @Option(
      names = "--out",
      paramLabel = "F.jsonl",
      required = true,
      description = "The file to write; must not be there.")
  private Path out;

  @Parameters(paramLabel = "ID", description = "A release id, or its beginning.")
  private String id;

  @Override
  public Integer call() throws Exception {
    if (Files.exists(out)) {
      throw new IllegalArgumentException(out + " is there, expected a file that is not");
    }
    Output.requireWritable("--out", out);
    StoredReleases stored = StoredReleases.read(store.folder(broker), output.err()::println);
    String release = stored.find(id);
    Map<Origin, String> ids =
        LearnedSample.ids(
            new Forgetting(stored, Set.of())
                .lineage(release).stream()
                    .flatMap(parent -> stored.manifest(parent).learned().stream())
                    .toList());
    if (ids.isEmpty()) {
      throw new IllegalArgumentException(
          "release %s names no sample, expected one that a stream taught".formatted(release));
    }
    ReleaseTopic topic = ReleaseTopic.of(broker.require(output.err()));
    List<Sample> samples =
        TaughtSamples.read(topic.config(), ids).values().stream()
            .sorted(Comparator.comparing(Sample::origin, Origin.ORDER))
            .toList();
    int expired = ids.size() - samples.size();
    if (samples.isEmpty()) {
      throw new IllegalStateException(
          "all %d samples have expired from their topic, expected some to be there"
              .formatted(expired));
    }
    write(samples, out);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("release", release);
    json.put("samples", samples.size());
    json.put("expired", expired);
    json.put("out", out.toString());
    output.result(
        json,
        Counted.of(samples.size(), "sample", "samples")
            + " of "
            + release
            + " written to "
            + out
            + (expired == 0 ? "" : "; " + expired + " have expired from their topic"));
    return 0;
  }

  /** All of them or none: nobody could see where lines end too early. */
  static void write(List<Sample> samples, Path out) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    WholeFile.write(
        out,
        lines -> {
          for (Sample sample : samples) {
            ObjectNode line =
                mapper
                    .createObjectNode()
                    .put("id", sample.id())
                    .put("text", sample.teaches())
                    .put("document", sample.document())
                    .put("source", sample.source());
            lines.write((mapper.writeValueAsString(line) + "\n").getBytes(UTF_8));
          }
        });
  }
}
