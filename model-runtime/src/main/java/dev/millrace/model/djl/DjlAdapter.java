package dev.millrace.model.djl;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Delta;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.simd.SimdAdapter;
import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * An adapter in native memory: A (rank, in) and B (out, rank) for every site, stacked where it is
 * one of experts, rank 0 where it adds nothing.
 */
final class DjlAdapter implements LoadedAdapter {

  private final PtNDManager manager;
  private final List<PtNDArray> arrays;
  private final float[] limits;
  private final List<Site> sites;

  /** The same on the heap, as long as there is room. */
  private SoftReference<SimdAdapter> simd = new SoftReference<>(null);

  private int users = 1;
  private boolean closed;

  DjlAdapter(PtNDManager manager, AdapterWeights adapter, List<Site> sites) {
    this(manager, adapter, sites, new float[0]);
  }

  /**
   * Takes the manager over.
   *
   * @param limits of {@link ExpertLimits}; empty for the top k
   */
  DjlAdapter(PtNDManager manager, AdapterWeights adapter, List<Site> sites, float[] limits) {
    this.manager = manager;
    this.limits = limits;
    this.sites = sites;
    try {
      this.arrays = Program.arrays(manager, factors(adapter, sites));
    } catch (RuntimeException | Error e) { // such as of an adapter of another base
      manager.close();
      throw e;
    }
  }

  /** A and B of each site in turn; a site that the adapter lacks gets factors of rank 0. */
  static List<Values> factors(AdapterWeights adapter, List<Site> sites) {
    Map<String, Delta> deltas = new HashMap<>();
    adapter.deltas().forEach(d -> deltas.put(d.site().name(), d));
    List<Values> factors = new ArrayList<>();
    for (Site site : sites) {
      Delta delta = deltas.remove(site.name());
      if (delta == null) {
        delta = new Delta(site, 0, new float[0], new float[0]);
      } else if (!delta.site().equals(site)) {
        throw new IllegalArgumentException("adapter is for " + delta.site() + ", expected " + site);
      }
      factors.add(new Values(delta.a(), shape(site, delta.rank(), site.in())));
      factors.add(new Values(delta.b(), shape(site, site.out(), delta.rank())));
    }
    if (!deltas.isEmpty()) {
      throw new IllegalArgumentException(
          "adapter changes " + deltas.keySet() + ", which this base does not have");
    }
    return factors;
  }

  private static long[] shape(Site site, long rows, long columns) {
    return site.place() == Site.Place.EXPERTS
        ? new long[] {site.experts(), rows, columns}
        : new long[] {rows, columns};
  }

  List<PtNDArray> arrays() {
    return arrays;
  }

  float[] limits() {
    return limits;
  }

  /** The same on the heap. */
  synchronized SimdAdapter simd() {
    SimdAdapter known = simd.get();
    if (known == null) {
      List<float[]> all = arrays.stream().map(PtNDArray::toFloatArray).toList();
      List<float[]> as = new ArrayList<>();
      List<float[]> bs = new ArrayList<>();
      for (int i = 0; i < all.size(); i += 2) {
        as.add(all.get(i));
        bs.add(all.get(i + 1));
      }
      known = new SimdAdapter(sites, as, bs);
      simd = new SoftReference<>(known);
    }
    return known;
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
