package dev.millrace.adapter;

import dev.millrace.adapter.train.Training;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.RuleResult;

/**
 * What training made of a task.
 *
 * @param tried whether it would first be tried
 * @param anchors how many times as much they weighed as the configuration has it
 * @param repairs passes of anchors alone that followed
 * @param routing that it trained under and would serve with
 */
record Trained(
    Task task,
    boolean tried,
    double anchors,
    int repairs,
    Routing routing,
    Training training,
    long millis) {

  /** The same after a pass of anchors alone. */
  Trained then(Training repair, long more) {
    return new Trained(
        task, tried, anchors, repairs + 1, routing, training.then(repair), millis + more);
  }

  /** The same, with what was found of the repairs. */
  Trained knowing(RuleResult result) {
    return new Trained(task.knowing(result), tried, anchors, repairs, routing, training, millis);
  }
}
