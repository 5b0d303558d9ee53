package dev.millrace.job.operator.serve;

import dev.millrace.job.operator.serve.ActivationMessage.Decision;
import dev.millrace.job.operator.serve.ActivationMessage.Overdue;
import dev.millrace.job.operator.serve.ActivationMessage.Vote;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.operators.coordination.CoordinationRequest;
import org.apache.flink.runtime.operators.coordination.CoordinationRequestHandler;
import org.apache.flink.runtime.operators.coordination.CoordinationResponse;
import org.apache.flink.runtime.operators.coordination.OperatorCoordinator;
import org.apache.flink.runtime.operators.coordination.OperatorEvent;
import org.jspecify.annotations.Nullable;

/**
 * Lets all subtasks of the serve operator follow a release event, or none. It has no state: an
 * event that is not decided by a checkpoint is in the state of the subtasks, which vote again.
 * Flink delivers a decision to all of them before a checkpoint, or to all after it, as long as it
 * is made on the thread that calls this; so nothing here has a thread or a timer.
 */
final class ActivationCoordinator implements OperatorCoordinator, CoordinationRequestHandler {

  private final Context context;
  private final Ballots ballots = new Ballots();
  private final Map<Integer, SubtaskGateway> subtasks = new HashMap<>();

  /** Where all begin that have no checkpoint; null until one asks. */
  private @Nullable Begun begun;

  private ActivationCoordinator(Context context) {
    this.context = context;
  }

  /** Makes one for a job. */
  record Maker(OperatorID operator) implements Provider {

    @Override
    public OperatorID getOperatorId() {
      return operator;
    }

    @Override
    public OperatorCoordinator create(Context context) {
      return new ActivationCoordinator(context);
    }
  }

  @Override
  public void handleEventFromOperator(int subtask, int attempt, OperatorEvent event) {
    int all = context.currentParallelism();
    if (event instanceof Vote vote) {
      tell(ballots.vote(vote.place(), subtask, vote.problem(), all));
    } else if (event instanceof Overdue overdue) {
      tell(ballots.overdue(overdue.place(), all));
    } else {
      throw new IllegalArgumentException(event + ", expected a vote");
    }
  }

  @Override
  public CompletableFuture<CoordinationResponse> handleCoordinationRequest(
      CoordinationRequest request) {
    begun = begun == null ? (Begun) request : begun;
    return CompletableFuture.completedFuture(begun.agreed());
  }

  private void tell(@Nullable Decision decision) {
    if (decision != null) {
      subtasks.values().forEach(subtask -> send(subtask, decision));
    }
  }

  /** Flink restarts the subtask if it cannot be told. */
  private static void send(SubtaskGateway subtask, Decision decision) {
    var unused = subtask.sendEvent(decision);
  }

  @Override
  public void executionAttemptReady(int subtask, int attempt, SubtaskGateway gateway) {
    subtasks.put(subtask, gateway);
    ballots.decisions().forEach(decision -> send(gateway, decision));
  }

  @Override
  public void executionAttemptFailed(int subtask, int attempt, @Nullable Throwable reason) {
    subtasks.remove(subtask);
    ballots.leave(subtask);
  }

  @Override
  public void subtaskReset(int subtask, long checkpoint) {
    ballots.leave(subtask);
    begun = null;
  }

  @Override
  public void resetToCheckpoint(long checkpoint, byte @Nullable [] state) {
    ballots.clear();
    begun = null;
  }

  @Override
  public void checkpointCoordinator(long checkpoint, CompletableFuture<byte[]> state) {
    state.complete(new byte[0]);
  }

  @Override
  public void notifyCheckpointComplete(long checkpoint) {}

  @Override
  public void start() {}

  @Override
  public void close() {}
}
