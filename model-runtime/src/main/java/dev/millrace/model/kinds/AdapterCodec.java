package dev.millrace.model.kinds;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Factor;
import dev.millrace.model.adapter.InvalidAdapterException;
import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.InvalidWeightsException;
import dev.millrace.model.weights.Safetensors;
import dev.millrace.model.weights.SafetensorsWriter;
import dev.millrace.model.weights.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;

/** An adapter of any kind as bytes that need no base to be read: the form in which it is kept. */
public final class AdapterCodec {
  private static final String KIND = "kind";

  private AdapterCodec() {}

  /** Safetensors; names begin with the place of the factor, so that the order is kept. */
  public static byte[] encode(AdapterWeights adapter) {
    SafetensorsWriter writer = new SafetensorsWriter().metadata(KIND, adapter.kind().name());
    adapter.settings().forEach(writer::metadata);
    List<Factor> factors = adapter.factors();
    for (int i = 0; i < factors.size(); i++) {
      Factor factor = factors.get(i);
      int rows = factor.values().length / factor.width();
      String name = String.format(Locale.ROOT, "%06d:%s", i, factor.name());
      writer.add(name, DType.F32, factor.values(), rows, factor.width());
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
    SortedMap<String, String> settings = new TreeMap<>(file.metadata());
    String kind = settings.remove(KIND);
    if (kind == null) {
      throw new InvalidWeightsException("metadata: " + settings + ", expected a kind of adapter");
    }
    List<Factor> factors = new ArrayList<>();
    file.tensors().values().forEach(tensor -> factors.add(factor(tensor)));
    try {
      return AdapterKinds.named(kind).restore(settings, List.copyOf(factors));
    } catch (InvalidAdapterException e) {
      throw new InvalidWeightsException("metadata: " + e.getMessage());
    }
  }

  private static Factor factor(Tensor tensor) {
    long[] shape = tensor.shape();
    if (shape.length != 2 || shape[1] > Integer.MAX_VALUE) {
      throw new InvalidWeightsException("tensor " + tensor + ": expected two dimensions");
    }
    String name = tensor.name().substring(tensor.name().indexOf(':') + 1);
    return new Factor(name, (int) shape[1], tensor.floats());
  }
}
