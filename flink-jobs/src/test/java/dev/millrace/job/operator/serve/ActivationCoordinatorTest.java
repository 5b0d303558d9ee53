package dev.millrace.job.operator.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.operator.serve.ActivationMessage.Decision;
import dev.millrace.job.operator.serve.ActivationMessage.Vote;
import java.util.List;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.operators.coordination.CoordinationRequestHandler;
import org.apache.flink.runtime.operators.coordination.EventReceivingTasks;
import org.apache.flink.runtime.operators.coordination.MockOperatorCoordinatorContext;
import org.apache.flink.runtime.operators.coordination.OperatorCoordinator;
import org.apache.flink.streaming.api.operators.collect.CollectCoordinationResponse;
import org.junit.jupiter.api.Test;

class ActivationCoordinatorTest {

  private final OperatorID id = new OperatorID();
  private final EventReceivingTasks tasks = EventReceivingTasks.createForRunningTasks();
  private final OperatorCoordinator coordinator = coordinator();

  private OperatorCoordinator coordinator() {
    try {
      return new ActivationCoordinator.Maker(id).create(new MockOperatorCoordinatorContext(id, 2));
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** Flink may restart one subtask and not the other, who has voted and does not vote again. */
  @Test
  void executionAttemptFailed_anotherHasVoted_itsVoteStands() throws Exception {
    ready(0, 0);
    ready(1, 0);
    coordinator.handleEventFromOperator(0, 0, new Vote("a", null));
    coordinator.executionAttemptFailed(1, 0, null);
    coordinator.subtaskReset(1, 7);
    ready(1, 1);
    coordinator.handleEventFromOperator(1, 1, new Vote("a", null));
    List<Decision> all = List.of(new Decision("a", null));
    assertEquals(all, tasks.getSentEventsForSubtask(0));
    assertEquals(all, tasks.getSentEventsForSubtask(1));
  }

  @Test
  void executionAttemptFailed_itHadVoted_votesAgain() throws Exception {
    ready(0, 0);
    ready(1, 0);
    coordinator.handleEventFromOperator(1, 0, new Vote("a", null));
    coordinator.executionAttemptFailed(1, 0, null);
    coordinator.subtaskReset(1, 7);
    ready(1, 1);
    coordinator.handleEventFromOperator(0, 0, new Vote("a", null));
    assertEquals(0, tasks.getNumberOfSentEvents());
    coordinator.handleEventFromOperator(1, 1, new Vote("a", null));
    assertEquals(List.of(new Decision("a", null)), tasks.getSentEventsForSubtask(0));
  }

  /** A vote may be heard before it is known that the subtask is there. */
  @Test
  void executionAttemptReady_itHasVoted_isToldOfTheDecision() throws Exception {
    ready(0, 0);
    coordinator.handleEventFromOperator(0, 0, new Vote("a", null));
    coordinator.handleEventFromOperator(1, 0, new Vote("a", null));
    ready(1, 0);
    List<Decision> all = List.of(new Decision("a", null));
    assertEquals(all, tasks.getSentEventsForSubtask(0));
    assertEquals(all, tasks.getSentEventsForSubtask(1));
  }

  /** A job that failed before its first checkpoint follows what was published since. */
  @Test
  void handleCoordinationRequest_anySubtask_beginsWhereTheFirstDidUntilAllBeginAnew()
      throws Exception {
    assertEquals("b", agreed("b"));
    assertEquals("b", agreed("c"));
    assertEquals("b", agreed("a"));
    coordinator.subtaskReset(0, OperatorCoordinator.NO_CHECKPOINT);
    coordinator.subtaskReset(1, OperatorCoordinator.NO_CHECKPOINT);
    assertEquals("c", agreed("c"));
    coordinator.resetToCheckpoint(OperatorCoordinator.NO_CHECKPOINT, null);
    assertEquals("d", agreed("d"));
  }

  private String agreed(String read) throws Exception {
    return ((CollectCoordinationResponse)
            ((CoordinationRequestHandler) coordinator)
                .handleCoordinationRequest(new Begun(read))
                .get())
        .getVersion();
  }

  private void ready(int subtask, int attempt) {
    coordinator.executionAttemptReady(
        subtask, attempt, tasks.createGatewayForSubtask(subtask, attempt));
  }
}
