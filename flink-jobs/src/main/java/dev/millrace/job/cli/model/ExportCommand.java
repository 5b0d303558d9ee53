package dev.millrace.job.cli.model;

import dev.millrace.job.cli.options.BaseOption;
import dev.millrace.job.cli.options.Output;
import dev.millrace.model.djl.DequantizedExport;
import dev.millrace.model.gguf.GgufExport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

@Command(
    name = "export",
    description = {
      "Writes a checkpoint for others: with its tokenizer as GGUF for llama.cpp, matrices in Q8_0,",
      "norms and router in fp32; or as a HuggingFace folder in fp32 that holds the numbers which",
      "the int8 integers stand for, so that transformers and PEFT compute with the base that",
      "adapters were trained against."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace model export models/nano --gguf nano.gguf",
      "  ./millrace model export models/nano --safetensors nano-fp32"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ExportCommand implements Callable<Integer> {

  private static final long SHARD_BYTES = 1L << 29;
  private static final String CONFIG = "config.json";

  @Mixin private Output output;

  @ArgGroup(multiplicity = "1")
  private Form form;

  @Parameters(paramLabel = "DIR", description = "The checkpoint's folder.")
  private Path folder;

  private static final class Form {
    @Option(names = "--gguf", paramLabel = "FILE", description = "The file to write.")
    private @Nullable Path gguf;

    @Option(
        names = "--safetensors",
        paramLabel = "OUT",
        description = "The folder to write; it must be new or empty.")
    private @Nullable Path safetensors;
  }

  @Override
  public Integer call() throws Exception {
    BaseOption.require("checkpoint", folder);
    Path written;
    long bytes;
    if (form.gguf != null) {
      written = form.gguf;
      Output.requireWritable("--gguf", written);
      GgufExport.write(folder, written, output.err()::println);
      bytes = Files.size(written);
    } else {
      written = newFolder(form.safetensors);
      bytes = writeWhole(written);
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("file", written.toString());
    json.put("bytes", bytes);
    output.result(json, "%s, %,d bytes".formatted(written, bytes));
    return 0;
  }

  /** What is not whole is not left there. */
  @SuppressWarnings("try") // closed, and not asked
  private long writeWhole(Path out) throws IOException {
    Path next = out.resolve(".next");
    try (Unfinished unused = Unfinished.watch(next)) {
      long bytes = DequantizedExport.write(folder, next, SHARD_BYTES, output.err()::println);
      List<Path> files = new ArrayList<>();
      try (Stream<Path> list = Files.list(next)) {
        list.filter(file -> !file.endsWith(CONFIG)).forEach(files::add);
      }
      files.add(next.resolve(CONFIG)); // with it a folder is a checkpoint
      for (Path file : files) {
        Files.move(file, out.resolve(next.relativize(file)));
      }
      return bytes;
    }
  }

  /** Weights and a tokenizer that lie there would be read with the new ones, or in their place. */
  private Path newFolder(@Nullable Path out) throws IOException {
    if (out == null || Files.isRegularFile(out)) {
      throw new ParameterException(
          output.commandLine(), "--safetensors is " + out + ", expected a new folder");
    }
    try (Stream<Path> there = Files.exists(out) ? Files.list(out) : Stream.empty()) {
      Optional<Path> file = there.findFirst();
      if (file.isPresent()) {
        throw new ParameterException(
            output.commandLine(),
            "--safetensors is %s, which holds %s, expected a new or empty folder"
                .formatted(out, file.get().getFileName()));
      }
    }
    return out;
  }
}
