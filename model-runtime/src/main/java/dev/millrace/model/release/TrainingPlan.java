package dev.millrace.model.release;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * All that a training run's bytes depend on beside its data.
 *
 * @param microBatch tokens that go through the model at once, at most
 * @param threads of one matrix product
 * @param engine version of the program that computed
 * @param cpuFeatures instruction sets of the processor
 */
public record TrainingPlan(
    long seed,
    SortedMap<String, String> hyperparameters,
    int microBatch,
    int threads,
    String engine,
    String cpuFeatures) {

  public TrainingPlan {
    hyperparameters = Collections.unmodifiableSortedMap(new TreeMap<>(hyperparameters));
  }
}
