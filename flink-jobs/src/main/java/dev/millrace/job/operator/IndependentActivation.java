package dev.millrace.job.operator;

import dev.millrace.job.operator.ActivationMessage.Decision;
import dev.millrace.schema.ReleaseEvent;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/** Each event as soon as it is loaded, whatever other subtasks do; those of an alias in turn. */
final class IndependentActivation implements Activation {

  private final Means means;

  /** By alias, what was read and has not taken effect; the first is being loaded. */
  private final Map<String, Deque<ReleaseEvent>> lines = new HashMap<>();

  IndependentActivation(Means means) {
    this.means = means;
  }

  @Override
  public void read(ReleaseEvent event) {
    Deque<ReleaseEvent> line =
        lines.computeIfAbsent(event.line().key(), alias -> new ArrayDeque<>());
    line.add(event);
    if (line.size() == 1) {
      begin(line);
    }
  }

  private void begin(Deque<ReleaseEvent> line) {
    ReleaseEvent event = line.element();
    means.apply(
        event,
        result -> {
          means.done().accept(result);
          line.remove();
          if (line.isEmpty()) {
            lines.remove(event.line().key());
          } else {
            begin(line);
          }
        });
  }

  @Override
  public void decided(Decision decision) {
    throw new IllegalStateException(decision + ", expected none: this subtask never votes");
  }
}
