package dev.millrace.model.adapter;

import java.util.List;
import java.util.SortedMap;

/** An adapter of any kind, as plain arrays. */
public interface AdapterWeights {

  /** What kind it is. */
  AdapterKind kind();

  /** How it is made, apart from what it learns. */
  SortedMap<String, String> settings();

  /** What it learns, in an order that never changes. */
  List<Factor> factors();

  /**
   * The same adapter with other values.
   *
   * @param values one array a factor
   */
  AdapterWeights with(List<float[]> values);

  /** What it adds, at most once a site. */
  List<Delta> deltas();

  /**
   * The chain rule from what is added to what is learned.
   *
   * @param byDelta gradients by the factors of each delta
   * @return one gradient a factor
   */
  List<float[]> gradients(List<Delta> byDelta);
}
