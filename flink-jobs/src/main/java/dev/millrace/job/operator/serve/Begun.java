package dev.millrace.job.operator.serve;

import dev.millrace.schema.ReleaseEvent;
import java.util.List;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.jobgraph.tasks.TaskOperatorEventGateway;
import org.apache.flink.runtime.operators.coordination.CoordinationRequest;
import org.apache.flink.streaming.api.operators.collect.CollectCoordinationResponse;
import org.apache.flink.util.SerializedValue;

/**
 * How far a subtask has read what the topic of releases held when the job began.
 *
 * @param place of the last event; empty if there was none
 */
record Begun(String place) implements CoordinationRequest {

  /** In a class of Flink's: Flink does not look among those of the job for what is answered. */
  CollectCoordinationResponse agreed() {
    return new CollectCoordinationResponse(place, 0, List.of());
  }

  /** Those that the subtask had read which asked first: what came later has the votes of all. */
  static List<ReleaseEvent> together(
      Beginning beginning, TaskOperatorEventGateway coordinator, OperatorID operator)
      throws Exception {
    List<ReleaseEvent> events = beginning.read();
    var asked = new SerializedValue<CoordinationRequest>(new Begun(last(events)));
    var answer = coordinator.sendRequestToCoordinator(operator, asked).get();
    String agreed = ((CollectCoordinationResponse) answer).getVersion();
    List<ReleaseEvent> all = last(events).compareTo(agreed) < 0 ? beginning.read() : events;
    return all.stream().filter(event -> Activation.place(event).compareTo(agreed) <= 0).toList();
  }

  private static String last(List<ReleaseEvent> events) {
    return events.isEmpty() ? "" : Activation.place(events.get(events.size() - 1));
  }
}
