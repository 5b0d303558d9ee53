package dev.millrace.model.peft;

import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.InvalidWeightsException;
import dev.millrace.model.weights.Safetensors;
import dev.millrace.model.weights.SafetensorsWriter;
import dev.millrace.model.weights.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;

/** An adapter as bytes that need no base to be read: the form in which it is kept as state. */
public final class AdapterCodec {
  private static final String A = ".lora_A";
  private static final String B = ".lora_B";

  private AdapterCodec() {}

  /** Safetensors; names begin with the place of the pair, so that the order is kept. */
  public static byte[] encode(AdapterWeights adapter) {
    LoraConfig config = adapter.config();
    SafetensorsWriter writer =
        new SafetensorsWriter()
            .metadata("r", Integer.toString(config.rank()))
            .metadata("lora_alpha", Double.toString(config.alpha()))
            .metadata("use_rslora", Boolean.toString(config.rsLora()))
            .metadata("target_modules", String.join(",", config.targetModules()));
    for (int i = 0; i < adapter.pairs().size(); i++) {
      LoraPair pair = adapter.pairs().get(i);
      String name = "%06d:%s".formatted(i, pair.site().name());
      writer.add(name + A, DType.F32, pair.a(), config.rank(), pair.site().in());
      writer.add(name + B, DType.F32, pair.b(), pair.site().out(), config.rank());
    }
    return writer.toBytes();
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @throws InvalidWeightsException if the bytes are something else
   */
  public static AdapterWeights decode(byte[] bytes) {
    Safetensors file = Safetensors.parse(bytes);
    LoraConfig config = config(file.metadata());
    List<LoraPair> pairs = new ArrayList<>();
    for (Tensor a : file.tensors().values()) {
      if (a.name().endsWith(A)) {
        String name = a.name().substring(0, a.name().length() - A.length());
        pairs.add(pair(name, config.rank(), a, file.tensor(name + B)));
      }
    }
    if (file.tensors().size() != 2 * pairs.size()) {
      throw new InvalidWeightsException(
          "file: %d tensors, expected %d pairs".formatted(file.tensors().size(), pairs.size()));
    }
    return new AdapterWeights(config, List.copyOf(pairs));
  }

  private static LoraConfig config(SortedMap<String, String> metadata) {
    if (!metadata.keySet().equals(Set.of("r", "lora_alpha", "use_rslora", "target_modules"))) {
      throw new InvalidWeightsException("metadata: keys " + metadata.keySet() + ", expected ours");
    }
    try {
      return new LoraConfig(
          Integer.parseInt(metadata.getOrDefault("r", "")),
          Double.parseDouble(metadata.getOrDefault("lora_alpha", "")),
          Boolean.parseBoolean(metadata.get("use_rslora")),
          List.of(metadata.getOrDefault("target_modules", "").split(",", -1)));
    } catch (NumberFormatException e) {
      throw new InvalidWeightsException("metadata: " + metadata + ", expected numbers");
    }
  }

  private static LoraPair pair(String name, int rank, Tensor a, Tensor b) {
    int colon = name.indexOf(':');
    int in = columns(a);
    int out = rank == 0 ? 0 : Math.toIntExact(b.elements() / rank);
    LoraSite site = new LoraSite(name.substring(colon + 1), in, out);
    return new LoraPair(site, a.require(rank, in).floats(), b.require(out, rank).floats());
  }

  private static int columns(Tensor a) {
    long[] shape = a.shape();
    if (shape.length != 2 || shape[1] > Integer.MAX_VALUE) {
      throw new InvalidWeightsException("tensor " + a + ": expected two dimensions");
    }
    return (int) shape[1];
  }
}
