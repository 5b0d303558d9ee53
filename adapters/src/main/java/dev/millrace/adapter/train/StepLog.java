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
 * @param bf16Pays false where it was found not to, so that no step switches
 */
public record StepLog(
    List<Double> losses, int fp32Steps, int bf16Steps, List<Switch> switches, boolean bf16Pays) {

  /**
   * From a step on products were computed in another type.
   *
   * @param step counts from 0
   * @param norm of the gradient that decided it
   */
  public record Switch(int step, Products to, double norm) {}

  /** No step. */
  public static StepLog none() {
    return new StepLog(List.of(), 0, 0, List.of(), true);
  }

  /** For a verdict: steps of each type, the norm behind each switch, or why there is none. */
  public Map<String, Double> figures() {
    Map<String, Double> figures = new TreeMap<>();
    figures.put("fp32Steps", (double) fp32Steps);
    figures.put("bf16Steps", (double) bf16Steps);
    for (Switch one : switches) {
      figures.put("to" + one.to() + "AtStep" + one.step(), one.norm());
    }
    if (!bf16Pays) {
      figures.put("bf16Pays", 0.0);
    }
    return figures;
  }
}
