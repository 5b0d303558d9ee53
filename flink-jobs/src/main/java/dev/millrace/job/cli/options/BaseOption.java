package dev.millrace.job.cli.options;

import dev.millrace.model.kinds.AdapterFolder;
import dev.millrace.model.release.BaseRelease;
import dev.millrace.model.weights.OtherWeights;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** The base model that a command works with. */
public final class BaseOption {

  @Option(
      names = "--base",
      paramLabel = "DIR",
      description = "The base model (default: models/nano).")
  private Path base = Home.here().nano();

  /** Its checkpoint folder. */
  public Path folder() {
    return require("base", base);
  }

  /** The same where settings of the jobs may be given, too. */
  public Path folder(BrokerOption broker) {
    requireUnset(broker);
    return folder();
  }

  /** Refuses the setting in whose place the option is. */
  public void requireUnset(BrokerOption broker) {
    broker.requireUnset("base.dir", "--base DIR");
  }

  /** The folder, if it can be that of a checkpoint. */
  public static Path require(String what, Path folder) {
    if (!Files.isRegularFile(folder.resolve("config.json"))) {
      String hint = OtherWeights.hint(folder);
      throw new IllegalArgumentException(
          "%s %s, expected a checkpoint folder with a config.json%s"
              .formatted(what, said(folder), hint.isEmpty() ? "" : "; " + hint));
    }
    return folder;
  }

  /** Refuses a folder for new weights that says whose adapters those in it were taught. */
  public static void requireUntaught(Path out) {
    for (String note : List.of(BaseRelease.CONSOLIDATED, BaseRelease.REBASED)) {
      if (Files.exists(out.resolve(note))) {
        throw new IllegalArgumentException(
            "--out %s holds %s of another base, expected none".formatted(out, note));
      }
    }
  }

  /** Refuses a folder that cannot be that of an adapter. */
  public static void requireAdapter(Path folder) {
    if (!Files.isRegularFile(folder.resolve(AdapterFolder.CONFIG))) {
      throw new IllegalArgumentException(
          "--adapter %s, expected a PEFT folder with an %s"
              .formatted(said(folder), AdapterFolder.CONFIG));
    }
  }

  /** Refuses a folder that cannot be that of encoders. */
  public static void requireEncoders(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new IllegalArgumentException(
          "base.align %s, expected a folder of encoders".formatted(said(folder)));
    }
  }

  private static String said(Path folder) {
    return folder + (Files.notExists(folder) ? " does not exist" : "");
  }
}
