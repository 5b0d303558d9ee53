package dev.millrace.model.djl;

import dev.millrace.model.weights.Safetensors;
import dev.millrace.model.weights.SafetensorsWriter;
import dev.millrace.model.weights.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Writes a checkpoint as transformers 5 saves a model: one tensor for all experts of a layer. */
public final class StackedExperts {

  private static final Pattern EXPERT =
      Pattern.compile("(.*\\.experts\\.)(\\d+)\\.(\\w+)\\.weight(|_scale_inv)");
  private static final Map<String, String> STACK_OF =
      Map.of(
          "gate_proj", "gate_up_proj",
          "w1", "gate_up_proj",
          "up_proj", "gate_up_proj",
          "w3", "gate_up_proj",
          "down_proj", "down_proj",
          "w2", "down_proj");

  private StackedExperts() {}

  public static void write(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    Files.copy(from.resolve("config.json"), to.resolve("config.json"));
    SafetensorsWriter writer = new SafetensorsWriter();
    SortedMap<String, SortedMap<String, Tensor>> stacks = new TreeMap<>();
    try (Safetensors file = Safetensors.open(from.resolve("model.safetensors"))) {
      for (Tensor tensor : file.tensors().values()) {
        String name = tensor.name().replace(".block_sparse_moe.", ".mlp.");
        Matcher expert = EXPERT.matcher(name);
        if (expert.matches()) {
          String stack = STACK_OF.get(expert.group(3));
          // gate before up, w1 before w3
          stacks
              .computeIfAbsent(expert.group(1) + stack + expert.group(4), s -> new TreeMap<>())
              .put("%05d %s".formatted(Integer.valueOf(expert.group(2)), expert.group(3)), tensor);
        } else {
          writer.addRaw(name, tensor.dtype(), bytes(tensor), tensor.shape());
        }
      }
      for (Map.Entry<String, SortedMap<String, Tensor>> stack : stacks.entrySet()) {
        add(writer, stack.getKey(), stack.getValue());
      }
    }
    writer.write(to.resolve("model.safetensors"));
  }

  private static void add(SafetensorsWriter writer, String name, SortedMap<String, Tensor> parts) {
    Tensor first = parts.get(parts.firstKey());
    int experts = (int) parts.keySet().stream().map(key -> key.substring(0, 5)).distinct().count();
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    parts.values().forEach(part -> all.writeBytes(bytes(part)));
    long rows = first.shape()[0] * parts.size() / experts;
    writer.addRaw(name, first.dtype(), all.toByteArray(), experts, rows, first.shape()[1]);
  }

  private static byte[] bytes(Tensor tensor) {
    byte[] bytes = new byte[(int) tensor.size()];
    tensor.data().get(bytes);
    return bytes;
  }
}
