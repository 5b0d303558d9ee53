package dev.millrace.model.peft;

import dev.millrace.model.config.InvalidConfigException;
import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.InvalidWeightsException;
import dev.millrace.model.weights.Safetensors;
import dev.millrace.model.weights.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** An adapter as HuggingFace PEFT keeps it: adapter_config.json and adapter_model.safetensors. */
public final class PeftFolder {
  public static final String CONFIG = PeftConfig.FILE;
  public static final String WEIGHTS = "adapter_model.safetensors";

  private static final String PREFIX = "base_model.model.";
  private static final String A = ".lora_A.weight";
  private static final String B = ".lora_B.weight";

  private PeftFolder() {}

  /**
   * Reads a folder.
   *
   * @param sites of the base; the adapter must have a pair at each that it targets, and no other
   * @throws InvalidAdapterException if it is broken, does not fit the base or wants what is not
   *     supported
   */
  public static AdapterWeights read(Path folder, List<LoraSite> sites) throws IOException {
    return parse(
        Files.readAllBytes(folder.resolve(CONFIG)),
        Files.readAllBytes(folder.resolve(WEIGHTS)),
        sites);
  }

  /** Reads the bytes of the two files. */
  public static AdapterWeights parse(byte[] config, byte[] weights, List<LoraSite> sites) {
    try {
      LoraConfig lora = PeftConfig.parse(config);
      requireSites(lora, sites);
      return new AdapterWeights(
          lora, pairs(Safetensors.parse(weights), lora, lora.targetsOf(sites)));
    } catch (InvalidConfigException e) {
      throw new InvalidAdapterException(e.getMessage(), e);
    } catch (InvalidWeightsException e) {
      throw new InvalidAdapterException(WEIGHTS + ": " + e.getMessage(), e);
    }
  }

  private static void requireSites(LoraConfig lora, List<LoraSite> sites) {
    for (String target : lora.targetModules()) {
      LoraConfig alone = new LoraConfig(lora.rank(), lora.alpha(), lora.rsLora(), List.of(target));
      if (sites.stream().noneMatch(alone::targets)) {
        throw new InvalidAdapterException(
            CONFIG + ": target_modules names " + target + ", expected sites of the base");
      }
    }
  }

  private static List<LoraPair> pairs(Safetensors file, LoraConfig lora, List<LoraSite> sites) {
    Set<String> unread = new TreeSet<>(file.tensors().keySet());
    List<LoraPair> pairs = new ArrayList<>();
    for (LoraSite site : sites) {
      String a = PREFIX + site.name() + A;
      String b = PREFIX + site.name() + B;
      pairs.add(
          new LoraPair(
              site,
              file.tensor(a).require(lora.rank(), site.in()).floats(),
              file.tensor(b).require(site.out(), lora.rank()).floats()));
      unread.remove(a);
      unread.remove(b);
    }
    if (!unread.isEmpty()) {
      throw new InvalidWeightsException(
          "tensors " + unread + ", expected only pairs at the targeted sites");
    }
    return List.copyOf(pairs);
  }

  /**
   * The files of the folder, by name; the same adapter gives the same bytes.
   *
   * @param baseName what {@code base_model_name_or_path} says; may be empty
   */
  public static SortedMap<String, byte[]> toFiles(AdapterWeights adapter, String baseName) {
    int rank = adapter.config().rank();
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    for (LoraPair pair : adapter.pairs()) {
      String name = PREFIX + pair.site().name();
      writer.add(name + A, DType.F32, pair.a(), rank, pair.site().in());
      writer.add(name + B, DType.F32, pair.b(), pair.site().out(), rank);
    }
    SortedMap<String, byte[]> files = new TreeMap<>();
    files.put(CONFIG, PeftConfig.toBytes(adapter.config(), baseName));
    files.put(WEIGHTS, writer.toBytes());
    return files;
  }

  /** Writes the files into a folder, which is made if need be. */
  public static void write(AdapterWeights adapter, String baseName, Path folder)
      throws IOException {
    Files.createDirectories(folder);
    for (Map.Entry<String, byte[]> file : toFiles(adapter, baseName).entrySet()) {
      Files.write(folder.resolve(file.getKey()), file.getValue());
    }
  }
}
