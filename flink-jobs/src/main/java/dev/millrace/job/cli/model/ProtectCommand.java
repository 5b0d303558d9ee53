package dev.millrace.job.cli.model;

import dev.millrace.job.BaseTexts;
import dev.millrace.job.BaseTexts.Line;
import dev.millrace.job.cli.options.BaseOption;
import dev.millrace.job.cli.options.Home;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.loop.InputFile;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.InvalidRecordException;
import dev.millrace.schema.wire.JsonLines;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

@Command(
    name = "protect",
    description = {
      "Writes what adapters of a base must not spoil into its folder: anchors.jsonl is trained beside",
      "every batch; of each domain in protected.jsonl three quarters judge every candidate, and",
      "reports measure the rest. Without them nothing can be released."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace model protect path/to/checkpoint",
      "  ./millrace model protect path/to/checkpoint --texts mine.jsonl"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ProtectCommand implements Callable<Integer> {

  @Mixin private Output output;

  @Option(
      names = "--texts",
      paramLabel = "F",
      description =
          "JSON lines with text, domain and document, of which each document goes to one of the files "
              + "(default: the open texts of models/nano: Java, Python, parliament, twenty languages).")
  private @Nullable Path texts;

  @Option(names = "--force", description = "Replaces files that are there.")
  private boolean force;

  @Parameters(paramLabel = "DIR", description = "The checkpoint's folder.")
  private Path folder;

  @Override
  public Integer call() throws Exception {
    Path unused = BaseOption.require("checkpoint", folder);
    Map<String, List<Line>> files = texts == null ? ofNano() : dealt(texts);
    for (String name : files.keySet()) {
      if (!force && Files.exists(folder.resolve(name))) {
        throw new ParameterException(
            output.commandLine(), folder.resolve(name) + " exists, expected --force to replace it");
      }
    }
    Map<String, Object> json = new TreeMap<>();
    StringBuilder said = new StringBuilder();
    for (Map.Entry<String, List<Line>> file : files.entrySet()) {
      Path path = folder.resolve(file.getKey());
      BaseTexts.write(path, file.getValue());
      Map<String, Long> domains =
          file.getValue().stream()
              .collect(Collectors.groupingBy(Line::domain, TreeMap::new, Collectors.counting()));
      json.put(file.getKey(), domains);
      said.append(said.isEmpty() ? "" : "\n").append(path).append(": ").append(domains);
    }
    output.result(json, said.toString());
    return 0;
  }

  private static Map<String, List<Line>> ofNano() throws IOException {
    Path nano = Home.here().nano();
    Map<String, List<Line>> files = new TreeMap<>();
    for (String name : List.of(BaseTexts.ANCHORS, BaseTexts.PROTECTED)) {
      files.put(name, BaseTexts.lines(nano, name));
    }
    return files;
  }

  /** Documents of each domain in turns: no document is in both files. */
  private static Map<String, List<Line>> dealt(Path texts) throws IOException {
    List<Line> anchors = new ArrayList<>();
    List<Line> guarded = new ArrayList<>();
    Map<String, Map<String, Integer>> documents = new HashMap<>();
    int number = 0;
    try (BufferedReader reader = InputFile.open(texts)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        number++;
        if (line.isBlank()) {
          continue;
        }
        Sample sample = sample(texts, number, line);
        String domain = sample.domain() == null ? "texts" : sample.domain();
        Map<String, Integer> seen = documents.computeIfAbsent(domain, d -> new HashMap<>());
        int turn = seen.computeIfAbsent(sample.document(), d -> seen.size());
        (turn % 2 == 0 ? guarded : anchors)
            .add(new Line(domain, sample.teaches(), sample.document()));
      }
    }
    Map<String, List<Line>> files =
        new TreeMap<>(Map.of(BaseTexts.ANCHORS, anchors, BaseTexts.PROTECTED, guarded));
    files.forEach(
        (name, lines) -> {
          if (lines.isEmpty()) {
            throw new IllegalArgumentException(
                "%s, expected two documents of a domain at least, one for each file"
                    .formatted(texts));
          }
        });
    return files;
  }

  private static Sample sample(Path texts, int number, String line) {
    try {
      return JsonLines.sample(InputFile.decoded(line), "line " + number, null, 0);
    } catch (InvalidRecordException e) {
      throw new IllegalArgumentException(
          "%s line %d: %s".formatted(texts, number, e.getMessage()), e);
    }
  }
}
