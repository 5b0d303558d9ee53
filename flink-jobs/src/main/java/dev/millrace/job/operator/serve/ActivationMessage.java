package dev.millrace.job.operator.serve;

import org.apache.flink.runtime.operators.coordination.OperatorEvent;
import org.jspecify.annotations.Nullable;

/** What subtasks and their coordinator say about a release event that all are to follow at once. */
sealed interface ActivationMessage extends OperatorEvent {

  /** The release event: where it stands on its topic, and the release. */
  String place();

  /**
   * A subtask has staged it, or cannot.
   *
   * @param problem why not; null if it has
   */
  record Vote(String place, @Nullable String problem) implements ActivationMessage {}

  /** A subtask has waited for the others as long as it may. */
  record Overdue(String place) implements ActivationMessage {}

  /**
   * The coordinator to all subtasks.
   *
   * @param refusal why none is to switch; null if all are
   */
  record Decision(String place, @Nullable String refusal) implements ActivationMessage {}
}
