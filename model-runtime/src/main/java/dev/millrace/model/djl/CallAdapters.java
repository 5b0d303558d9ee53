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
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * The distinct adapters of a call, kept alive until it is over.
 *
 * <p>A program gets one entry of {@code which} and {@code scales} a span of rows: a sequence, or
 * all those together that come first and bring one token each. Where some of these have adapters,
 * the entry is {@link #BY_ROW}, and the rows of each adapter follow the factors.
 */
final class CallAdapters implements AutoCloseable {

  private static final long BY_ROW = -2;
  private static final float[] NO_LIMITS = {};

  private final List<DjlAdapter> distinct = new ArrayList<>();
  private final long[] which;
  private final double[] scales;
  private final List<float[]> limits = new ArrayList<>();
  private final int ones;

  /**
   * @param rows one adapter a sequence
   */
  CallAdapters(List<LoadedAdapter> rows) {
    this(rows, 0);
  }

  /**
   * @param ones sequences that come first and bring one token each
   */
  CallAdapters(List<LoadedAdapter> rows, int ones) {
    this.ones = ones;
    which = new long[rows.size()];
    scales = new double[rows.size()];
    try {
      for (int i = 0; i < which.length; i++) {
        DjlAdapter adapter = rows.get(i) instanceof DjlAdapter one ? one : null;
        which[i] = adapter == null ? -1 : index(adapter);
        scales[i] = adapter == null ? 0 : 1;
        limits.add(adapter == null ? NO_LIMITS : adapter.limits());
      }
    } catch (RuntimeException | Error e) { // such as of an adapter that was closed
      close();
      throw e;
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

  /**
   * Whether no sequence has an adapter: then nothing is handed in, and every one takes the top k.
   */
  boolean isEmpty() {
    return distinct.isEmpty();
  }

  IValue tensors(PtNDManager scope) {
    List<PtNDArray> all = new ArrayList<>();
    distinct.forEach(a -> all.addAll(a.arrays()));
    if (byRow()) {
      for (int a = 0; a < distinct.size(); a++) {
        int adapter = a;
        long[] rows =
            IntStream.range(0, ones).filter(i -> which[i] == adapter).asLongStream().toArray();
        all.add((PtNDArray) scope.create(rows));
      }
    }
    if (all.isEmpty()) {
      all.add((PtNDArray) scope.zeros(new Shape(1)));
    }
    return IValue.listFrom(all.toArray(PtNDArray[]::new));
  }

  /** Whether a sequence of one token has an adapter. */
  private boolean byRow() {
    return Arrays.stream(which, 0, ones).anyMatch(w -> w >= 0);
  }

  IValue which() {
    LongStream spans = Arrays.stream(which, ones, which.length);
    LongStream first = ones == 0 ? LongStream.empty() : LongStream.of(byRow() ? BY_ROW : -1);
    return IValue.listFrom(LongStream.concat(first, spans).toArray());
  }

  IValue scales() {
    DoubleStream spans = Arrays.stream(scales, ones, scales.length);
    DoubleStream first = ones == 0 ? DoubleStream.empty() : DoubleStream.of(0);
    return IValue.listFrom(DoubleStream.concat(first, spans).toArray());
  }

  /** (sequences, limits); no rows where every sequence takes the top k. */
  IValue limits(PtNDManager scope, MoeConfig config) {
    return IValue.from(ExpertLimits.array(scope, limits, config));
  }

  @Override
  public void close() {
    distinct.forEach(DjlAdapter::release);
  }
}
