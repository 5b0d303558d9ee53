package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.model.release.BaseRelease;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BaseOptionTest extends RunsCommands {

  /** {@code releases base} would move domains to it that it knows nothing of. */
  @ParameterizedTest
  @CsvSource({"compress, --teacher=nowhere", "pretrain, --work=pom.xml"})
  void out_saysWhoseAdaptersTheBaseThereWasTaught_isRefused(
      String command, String unusable, @TempDir Path folder) throws IOException {
    Path out = Files.createDirectory(folder.resolve("out"));
    Files.writeString(out.resolve(BaseRelease.CONSOLIDATED), "{}");
    int exit = run("model", command, "--out=" + out, unusable);
    assertEquals(Main.USAGE, exit, err::toString);
    assertEquals(
        "millrace: --out %s holds consolidated.json of another base, expected none".formatted(out),
        err.toString().strip());
  }
}
