package dev.millrace.job.cli.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.cli.RunsCommands;
import dev.millrace.model.adapter.AdapterPlan;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Factor;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.kinds.AdapterFolder;
import dev.millrace.model.peft.Lora;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConvertAdapterCommandTest extends RunsCommands {

  private static final Path BASE =
      Path.of(System.getProperty("millrace.root"))
          .resolve("model-runtime/src/test/resources/golden/olmoe-tiny");

  @TempDir Path folder;

  private int convert(String from, String layout, String to) {
    String out = folder.resolve(to).toString();
    String in = folder.resolve(from).toString();
    return run(
        "model", "convert-adapter", in, "--base", BASE.toString(), "--to", layout, "--out", out);
  }

  private void writeAdapter(boolean routedExperts) throws IOException {
    List<Site> sites = DjlModels.sites(MoeConfigs.parse(read(BASE.resolve("config.json"))));
    AdapterWeights zero = Lora.KIND.initial(new AdapterPlan(3, 6, routedExperts), sites, 1);
    SplittableRandom random = new SplittableRandom(2);
    List<float[]> values = new ArrayList<>();
    for (Factor factor : zero.factors()) {
      float[] drawn = new float[factor.values().length];
      for (int i = 0; i < drawn.length; i++) {
        drawn[i] = (float) random.nextGaussian();
      }
      values.add(drawn);
    }
    AdapterFolder.write(zero.with(values), "the-base", folder.resolve("own"));
  }

  private static byte[] read(Path file) throws IOException {
    return Files.readAllBytes(file);
  }

  @Test
  void convert_toModulesAndBack_isTheSameFolder() throws IOException {
    writeAdapter(true);
    assertEquals(0, convert("own", "modules", "modules"), err::toString);
    assertTrue(out.toString().contains("6 stacked parameters as modules"), out::toString);
    assertEquals(0, convert("modules", "parameters", "back"), err::toString);
    for (String file : List.of(AdapterFolder.CONFIG, AdapterFolder.WEIGHTS)) {
      assertArrayEquals(
          read(folder.resolve("own").resolve(file)), read(folder.resolve("back").resolve(file)));
    }
  }

  @Test
  void convert_adapterOfOtherSites_saysSo() throws IOException {
    writeAdapter(false);
    assertEquals(2, convert("own", "modules", "modules"));
    assertTrue(err.toString().contains("adds to no routed expert"), err::toString);
  }

  @Test
  void convert_intoAFolderWithAnAdapter_isRefused() throws IOException {
    writeAdapter(true);
    assertEquals(2, convert("own", "modules", "own"));
    assertTrue(err.toString().contains("which holds an adapter"), err::toString);
  }
}
