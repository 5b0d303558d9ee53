package dev.millrace.model.kinds;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.InvalidAdapterException;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.config.InvalidConfigException;
import dev.millrace.model.config.JsonFields;
import dev.millrace.model.weights.OtherWeights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/** An adapter of any kind as a folder of two files; adapter_config.json says which kind. */
public final class AdapterFolder {
  public static final String CONFIG = "adapter_config.json";
  public static final String WEIGHTS = "adapter_model.safetensors";

  private AdapterFolder() {}

  /**
   * Reads a folder.
   *
   * @param sites of the base
   * @throws InvalidAdapterException if it is broken, does not fit the base or wants what is not
   *     supported
   */
  public static AdapterWeights read(Path folder, List<Site> sites) throws IOException {
    return parse(bytes(folder, CONFIG), bytes(folder, WEIGHTS), sites);
  }

  private static byte[] bytes(Path folder, String name) throws IOException {
    Path file = folder.resolve(name);
    if (!Files.exists(file)) {
      String hint = OtherWeights.hint(folder);
      throw new InvalidAdapterException(
          "%s: no such file, expected a folder with %s and %s%s"
              .formatted(file, CONFIG, WEIGHTS, hint.isEmpty() ? "" : "; " + hint));
    }
    return Files.readAllBytes(file);
  }

  /** Reads the bytes of the two files. */
  public static AdapterWeights parse(byte[] config, byte[] weights, List<Site> sites) {
    String type;
    try {
      type = JsonFields.parse(CONFIG, config).text("peft_type");
    } catch (InvalidConfigException e) {
      throw new InvalidAdapterException(e.getMessage(), e);
    }
    return AdapterKinds.ofPeftType(type).parse(config, weights, sites);
  }

  /**
   * The files of the folder, by name; the same adapter gives the same bytes.
   *
   * @param baseName what {@code base_model_name_or_path} says; empty for null, with which PEFT
   *     takes the path of the base that it is loaded on
   */
  public static SortedMap<String, byte[]> toFiles(AdapterWeights adapter, String baseName) {
    return adapter.kind().toFiles(adapter, baseName);
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
