package dev.millrace.job.cli;

import dev.millrace.model.gguf.GgufExport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "export",
    description = {
      "Writes a checkpoint and its tokenizer as GGUF for llama.cpp: matrices in Q8_0, norms and",
      "router in fp32."
    },
    footer = {"", "Example:", "  ./millrace model export models/nano --gguf nano.gguf"})
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ExportCommand implements Callable<Integer> {

  @Mixin private Output output;

  @Option(
      names = "--gguf",
      paramLabel = "FILE",
      required = true,
      description = "The file to write.")
  private Path gguf;

  @Parameters(paramLabel = "DIR", description = "The checkpoint's folder.")
  private Path folder;

  @Override
  public Integer call() throws Exception {
    GgufExport.write(folder, gguf, tensor -> output.err().println(tensor));
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("file", gguf.toString());
    json.put("bytes", Files.size(gguf));
    output.result(json, "%s, %,d bytes".formatted(gguf, Files.size(gguf)));
    return 0;
  }
}
