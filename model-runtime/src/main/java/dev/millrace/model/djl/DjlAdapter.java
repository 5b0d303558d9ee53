package dev.millrace.model.djl;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.peft.AdapterWeights;
import dev.millrace.model.peft.LoraPair;
import dev.millrace.model.peft.LoraSite;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * An adapter in native memory: A (rank, in) and B (out, rank) for every site, rank 0 where it adds
 * nothing.
 */
final class DjlAdapter implements LoadedAdapter {

  private final PtNDManager manager;
  private final List<PtNDArray> arrays;
  private final double scale;
  private final float[] limits;
  private int users = 1;
  private boolean closed;

  DjlAdapter(PtNDManager manager, AdapterWeights adapter, List<LoraSite> sites) {
    this(manager, adapter, sites, new float[0]);
  }

  /**
   * @param limits of {@link EntropyLimits}; empty for the top k
   */
  DjlAdapter(PtNDManager manager, AdapterWeights adapter, List<LoraSite> sites, float[] limits) {
    this.manager = manager;
    this.arrays = Program.arrays(manager, factors(adapter, sites));
    this.scale = adapter.config().scale();
    this.limits = limits;
  }

  /** A and B of each site in turn; a site that the adapter lacks gets factors of rank 0. */
  static List<Values> factors(AdapterWeights adapter, List<LoraSite> sites) {
    Map<String, LoraPair> pairs = new HashMap<>();
    adapter.pairs().forEach(p -> pairs.put(p.site().name(), p));
    int rank = adapter.config().rank();
    List<Values> factors = new ArrayList<>();
    for (LoraSite site : sites) {
      LoraPair pair = pairs.remove(site.name());
      if (pair == null) {
        factors.add(new Values(new float[0], 0, site.in()));
        factors.add(new Values(new float[0], site.out(), 0));
      } else {
        factors.add(checked(site, pair.a(), rank, site.in()));
        factors.add(checked(site, pair.b(), site.out(), rank));
      }
    }
    if (!pairs.isEmpty()) {
      throw new IllegalArgumentException(
          "adapter changes " + pairs.keySet() + ", which this base does not have");
    }
    return factors;
  }

  private static Values checked(LoraSite site, float[] data, int rows, int columns) {
    if (data.length != rows * columns) {
      throw new IllegalArgumentException(
          "adapter at "
              + site.name()
              + " has "
              + data.length
              + " values, expected "
              + rows
              + "×"
              + columns);
    }
    return new Values(data, rows, columns);
  }

  List<PtNDArray> arrays() {
    return arrays;
  }

  double scale() {
    return scale;
  }

  float[] limits() {
    return limits;
  }

  /** Keeps the memory while a call uses it. */
  synchronized void retain() {
    if (closed) {
      throw new IllegalStateException("adapter is closed");
    }
    users++;
  }

  synchronized void release() {
    users--;
    if (users == 0) {
      manager.close();
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      release();
    }
  }
}
