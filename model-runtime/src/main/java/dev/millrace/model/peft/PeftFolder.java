package dev.millrace.model.peft;

import dev.millrace.model.adapter.InvalidAdapterException;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.config.InvalidConfigException;
import dev.millrace.model.weights.InvalidWeightsException;
import dev.millrace.model.weights.Safetensors;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** A LoRA adapter as HuggingFace PEFT keeps it. */
public final class PeftFolder {
  public static final String CONFIG = PeftConfig.FILE;
  public static final String WEIGHTS = "adapter_model.safetensors";

  static final String PREFIX = "base_model.model.";
  static final String A = ".lora_A.weight";
  static final String B = ".lora_B.weight";

  private PeftFolder() {}

  /**
   * Reads the bytes of the two files.
   *
   * @param sites of the base; the adapter must have a pair at each that it targets, and no other
   * @throws InvalidAdapterException if it is broken, does not fit the base or wants what is not
   *     supported
   */
  public static LoraWeights parse(byte[] config, byte[] weights, List<Site> sites) {
    try {
      return new PeftReader(PeftConfig.parse(config), Safetensors.parse(weights), sites).read();
    } catch (InvalidConfigException e) {
      throw new InvalidAdapterException(e.getMessage(), e);
    } catch (InvalidWeightsException e) {
      throw new InvalidAdapterException(WEIGHTS + ": " + e.getMessage(), e);
    }
  }

  /**
   * The files of the folder, by name; the same adapter gives the same bytes.
   *
   * @param baseName what {@code base_model_name_or_path} says; empty for null, with which PEFT
   *     takes the path of the base that it is loaded on
   */
  public static SortedMap<String, byte[]> toFiles(LoraWeights adapter, String baseName) {
    PeftWriter writer = new PeftWriter(adapter);
    SortedMap<String, byte[]> files = new TreeMap<>();
    files.put(CONFIG, PeftConfigWriter.toBytes(writer.config(), baseName));
    files.put(WEIGHTS, writer.weights());
    return files;
  }

  /**
   * The same adapter, its routed experts to be kept in another layout.
   *
   * @param sites of the base
   */
  public static LoraWeights in(ExpertLayout layout, LoraWeights adapter, List<Site> sites) {
    List<Site> wanted = adapter.pairs().stream().map(LoraPair::site).toList();
    List<String> experts =
        wanted.stream()
            .filter(site -> layout == ExpertLayout.MODULES && site.place() == Site.Place.EXPERTS)
            .flatMap(site -> ModuleNames.experts(site).stream())
            .toList();
    Patterns patterns = new Patterns(adapter.config().at(wanted, sites, experts, layout));
    patterns.needLinear(adapter.pairs(), adapter::scale);
    return new LoraWeights(patterns.config(), adapter.pairs());
  }
}
