package dev.millrace.model.djl;

import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.config.MoeConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The distinct adapters of a call, kept alive until it is over. */
final class CallAdapters implements AutoCloseable {
  private static final float[] NO_LIMITS = {};

  private final List<DjlAdapter> distinct = new ArrayList<>();
  private final long[] which;
  private final double[] scales;
  private final float[][] limits;

  /**
   * @param rows one adapter a sequence
   */
  CallAdapters(List<LoadedAdapter> rows) {
    which = new long[rows.size()];
    scales = new double[rows.size()];
    limits = new float[rows.size()][];
    for (int i = 0; i < which.length; i++) {
      which[i] = rows.get(i) instanceof DjlAdapter adapter ? index(adapter) : -1;
      scales[i] = rows.get(i) instanceof DjlAdapter ? 1 : 0;
      limits[i] = rows.get(i) instanceof DjlAdapter adapter ? adapter.limits() : NO_LIMITS;
    }
  }

  private int index(DjlAdapter adapter) {
    int at = distinct.indexOf(adapter);
    if (at < 0) {
      adapter.retain();
      distinct.add(adapter);
      at = distinct.size() - 1;
    }
    return at;
  }

  IValue tensors(PtNDManager scope) {
    List<PtNDArray> all = new ArrayList<>();
    distinct.forEach(a -> all.addAll(a.arrays()));
    if (all.isEmpty()) {
      all.add((PtNDArray) scope.zeros(new Shape(1)));
    }
    return IValue.listFrom(all.toArray(PtNDArray[]::new));
  }

  IValue which() {
    return IValue.listFrom(which);
  }

  IValue scales() {
    return IValue.listFrom(scales);
  }

  /**
   * (sequences, layers · (most − 1)): from which entropies on a token gets one expert more; no rows
   * where every sequence takes the top k.
   */
  IValue limits(PtNDManager scope, MoeConfig config) {
    int n = config.numHiddenLayers() * (config.router().mostExperts() - 1);
    boolean fixed = Arrays.stream(limits).allMatch(l -> l.length == 0);
    int rows = fixed ? 0 : limits.length;
    float[] all = new float[rows * n];
    for (int i = 0; i < rows; i++) {
      System.arraycopy(
          limits[i].length == 0 ? EntropyLimits.topK(config) : limits[i], 0, all, i * n, n);
    }
    return IValue.from((PtNDArray) scope.create(all, new Shape(rows, n)));
  }

  @Override
  public void close() {
    distinct.forEach(DjlAdapter::release);
  }
}
