package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.NanoReleases;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShowCommandTest {

  @TempDir Path store;

  private final StringWriter out = new StringWriter();

  @Test
  void run_fileWasCut_saysWhichAndFails() throws Exception {
    String release = new NanoReleases(store).publish("legal", 1).release();
    assertEquals(0, show(release), out::toString);
    assertFalse(out.toString().contains("damaged"), out::toString);
    Path file = store.resolve(release).resolve("adapter_model.safetensors");
    Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 100));
    assertEquals(Main.FAILED, show(release));
    assertTrue(
        out.toString().contains("damaged    adapter_model.safetensors is 100 bytes of SHA-256"),
        out::toString);
  }

  private int show(String release) {
    PrintWriter nowhere = new PrintWriter(PrintWriter.nullWriter());
    return Main.run(
        new PrintWriter(out, true), nowhere, "releases", "show", release, "--store", "" + store);
  }
}
