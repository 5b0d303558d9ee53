package dev.millrace.job.cli.releases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.NanoReleases;
import dev.millrace.job.cli.RunsCommands;
import dev.millrace.job.cli.options.Output;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShowCommandTest extends RunsCommands {

  @TempDir Path store;

  @Test
  void run_fileWasCut_saysWhichAndFails() throws Exception {
    String release = new NanoReleases(store).publish("legal", 1).release();
    assertEquals(0, show(release), out::toString);
    assertFalse(out.toString().contains("damaged"), out::toString);
    assertEquals("", err.toString());
    Path file = store.resolve(release).resolve("adapter_model.safetensors");
    Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 100));
    assertEquals(Output.FAILED, show(release));
    assertTrue(
        out.toString().contains("damaged    adapter_model.safetensors is 100 bytes of SHA-256"),
        out::toString);
    assertTrue(
        err.toString().startsWith("millrace: release " + release + " is damaged: adapter_model."),
        err::toString);
  }

  @Test
  void run_askOfAFileThatWasCut_saysWhichBeforeAnythingIsStarted() throws Exception {
    String release = new NanoReleases(store).publish("legal", 1).release();
    Path file = store.resolve(release).resolve("adapter_model.safetensors");
    Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 100));
    int status = run("ask", "--domain=auto", "--base=../models/nano", "--store=" + store, "hello");
    assertEquals(Output.FAILED, status);
    String line = "millrace: release %s of domain legal is damaged: adapter_model.";
    assertTrue(err.toString().startsWith(line.formatted(release)), err::toString);
  }

  /** Serve would not follow it, or answer nothing in its place. */
  @ParameterizedTest
  @ValueSource(strings = {"pin", "rollback"})
  void run_orderToAReleaseThatLacksAFile_saysWhichAndOrdersNothing(String order) throws Exception {
    String release = new NanoReleases(store).publish("legal", 1).release();
    Files.delete(store.resolve(release).resolve("adapter_model.safetensors"));
    int status = run("releases", order, release, "--store=" + store, "--bootstrap=127.0.0.1:1");
    assertEquals(Output.FAILED, status);
    String line = "millrace: release %s of domain legal is damaged: ";
    assertTrue(err.toString().startsWith(line.formatted(release)), err::toString);
  }

  private int show(String release) {
    return run("releases", "show", release, "--store=" + store);
  }
}
