package dev.millrace.adapter.train;

import dev.millrace.model.base.Products;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The steps of a run, and in which type they were computed.
 *
 * @param losses of each that had texts, nats per token
 * @param switches in order
 */
public record StepLog(List<Double> losses, int fp32Steps, int bf16Steps, List<Switch> switches) {

  /**
   * From a step on products were computed in another type.
   *
   * @param step counts from 0
   * @param norm of the gradient that decided it
   */
  public record Switch(int step, Products to, double norm) {}

  /** No step. */
  public static StepLog none() {
    return new StepLog(List.of(), 0, 0, List.of());
  }

  /** For a verdict: steps of each type, and the norm behind each switch. */
  public Map<String, Double> figures() {
    Map<String, Double> figures = new TreeMap<>();
    figures.put("fp32Steps", (double) fp32Steps);
    figures.put("bf16Steps", (double) bf16Steps);
    for (Switch one : switches) {
      figures.put("to%sAtStep%d".formatted(one.to(), one.step()), one.norm());
    }
    return figures;
  }
}
