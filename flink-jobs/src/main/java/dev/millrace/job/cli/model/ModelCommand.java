package dev.millrace.job.cli.model;

import dev.millrace.job.cli.options.Output;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "model",
    description = {
      "Checks or exports a checkpoint, says what adapters must not spoil of it, converts an adapter,",
      "pre-trains a base, makes one smaller, folds adapters into one, or trains encoders beside it."
    },
    footer = {"", "Example:", "  ./millrace model check models/nano"},
    subcommands = {
      CheckCommand.class,
      ConvertAdapterCommand.class,
      ExportCommand.class,
      ProtectCommand.class,
      PretrainCommand.class,
      CompressCommand.class,
      ConsolidateCommand.class,
      AlignCommand.class
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
public final class ModelCommand {

  @Mixin private Output unusedOutput;
}
