package dev.millrace.model.inject;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.model.adapter.InvalidAdapterException;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.config.InvalidConfigException;
import dev.millrace.model.config.JsonFields;
import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.InvalidWeightsException;
import dev.millrace.model.weights.Safetensors;
import dev.millrace.model.weights.SafetensorsWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Domain injection's own folder, which is not PEFT's: adapter_config.json names the rank, alpha and
 * sites, adapter_model.safetensors holds {@code domain_vector} (rank) and, a site, {@code
 * <site>.projection} (hidden, rank).
 */
final class InjectionFolder {

  static final String TYPE = "MILLRACE_DOMAIN_INJECTION";

  private static final String CONFIG = "adapter_config.json";
  private static final String WEIGHTS = "adapter_model.safetensors";
  private static final String VECTOR = "domain_vector";
  private static final int MAX_RANK = 4096;
  private static final double MAX_ALPHA = 1e6;
  private static final Set<String> FIELDS =
      Set.of("alpha", "base_model_name_or_path", "peft_type", "rank", "sites");

  private InjectionFolder() {}

  static InjectionWeights parse(byte[] config, byte[] weights, List<Site> sites) {
    try {
      JsonFields json = JsonFields.parse(CONFIG, config);
      for (String name : json.names()) {
        if (!FIELDS.contains(name)) {
          throw json.invalid(name, "only " + new TreeSet<>(FIELDS));
        }
      }
      if (!json.text("peft_type").equals(TYPE)) {
        throw json.invalid("peft_type", TYPE);
      }
      return read(
          json.number("alpha", -MAX_ALPHA, MAX_ALPHA),
          json.integer("rank", 1, MAX_RANK),
          sites(json, sites),
          Safetensors.parse(weights));
    } catch (InvalidConfigException e) {
      throw new InvalidAdapterException(e.getMessage(), e);
    } catch (InvalidWeightsException e) {
      throw new InvalidAdapterException(WEIGHTS + ": " + e.getMessage(), e);
    }
  }

  /** Those of the base's hidden states that are named, in the base's order. */
  private static List<Site> sites(JsonFields json, List<Site> sites) {
    List<String> named = json.texts("sites");
    Set<String> wanted = new HashSet<>(named);
    List<Site> found =
        DomainInjection.streams(sites).stream().filter(s -> wanted.contains(s.name())).toList();
    if (found.isEmpty() || found.size() != named.size()) {
      throw json.invalid("sites", "different hidden states of the base's layers");
    }
    return found;
  }

  private static InjectionWeights read(double alpha, int rank, List<Site> sites, Safetensors file) {
    Set<String> unread = new TreeSet<>(file.tensors().keySet());
    List<float[]> projections = new ArrayList<>();
    for (Site site : sites) {
      String name = InjectionWeights.projection(site);
      projections.add(file.tensor(name).require(site.out(), rank).floats());
      unread.remove(name);
    }
    float[] vector = file.tensor(VECTOR).require(rank).floats();
    unread.remove(VECTOR);
    if (!unread.isEmpty()) {
      throw new InvalidWeightsException(
          "expected a vector and projections at the named sites, found tensors " + unread);
    }
    return new InjectionWeights(alpha, sites, vector, List.copyOf(projections));
  }

  static SortedMap<String, byte[]> toFiles(InjectionWeights adapter, String baseName) {
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    writer.add(VECTOR, DType.F32, adapter.vector(), adapter.rank());
    for (int i = 0; i < adapter.sites().size(); i++) {
      Site site = adapter.sites().get(i);
      writer.add(
          InjectionWeights.projection(site),
          DType.F32,
          adapter.projections().get(i),
          site.out(),
          adapter.rank());
    }
    SortedMap<String, byte[]> files = new TreeMap<>();
    files.put(CONFIG, config(adapter, baseName));
    files.put(WEIGHTS, writer.toBytes());
    return files;
  }

  private static byte[] config(InjectionWeights adapter, String baseName) {
    SortedMap<String, Object> json = new TreeMap<>();
    json.put("alpha", adapter.alpha());
    json.put("base_model_name_or_path", baseName);
    json.put("peft_type", TYPE);
    json.put("rank", adapter.rank());
    json.put("sites", adapter.sites().stream().map(Site::name).toList());
    try {
      return new ObjectMapper().writeValueAsString(json).getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new AssertionError("a map of plain values is JSON", e);
    }
  }
}
