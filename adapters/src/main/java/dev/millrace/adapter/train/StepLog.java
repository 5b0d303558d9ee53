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

  /** Without a word on types. */
  public static StepLog of(List<Double> losses) {
    return new StepLog(losses, 0, 0, List.of(), true);
  }

  /** Of the first step that had texts; not a number if none had. */
  public double firstLoss() {
    return losses.isEmpty() ? Double.NaN : losses.get(0);
  }

  /** Of the last of them. */
  public double lastLoss() {
    return losses.isEmpty() ? Double.NaN : losses.get(losses.size() - 1);
  }

  /** The highest of them; not a number if one is not. */
  public double worstLoss() {
    return losses.stream().reduce(0.0, Math::max);
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
