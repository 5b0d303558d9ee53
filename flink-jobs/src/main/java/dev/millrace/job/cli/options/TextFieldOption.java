package dev.millrace.job.cli.options;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Of commands that read other people's JSON lines. */
public final class TextFieldOption {

  public static final String INPUT =
      "JSON lines (.jsonl), a text file (.txt, .md, .rst, .java, .py, …), each also .gz, or a folder"
          + " of text files.";

  @Option(
      names = "--text-field",
      paramLabel = "NAME",
      description =
          "The key of JSON lines that holds the text. Of other keys only document is read then.")
  private @Nullable String name;

  public @Nullable String name() {
    return name;
  }
}
