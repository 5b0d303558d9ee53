package dev.millrace.job.operator.serve;

import dev.millrace.job.operator.serve.ActivationMessage.Decision;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Map;

/**
 * Each event as soon as it is loaded, whatever other subtasks do. Those of a kind go in turn: one
 * adapter at most is loaded and does not answer yet.
 */
final class IndependentActivation implements Activation {

  private final Means means;

  /** By kind, what was read and has not taken effect; the first is being loaded. */
  private final Map<Kind, Deque<ReleaseEvent>> lines = new EnumMap<>(Kind.class);

  IndependentActivation(Means means) {
    this.means = means;
  }

  @Override
  public void read(ReleaseEvent event) {
    Deque<ReleaseEvent> line = lines.computeIfAbsent(event.kind(), kind -> new ArrayDeque<>());
    line.add(event);
    if (line.size() == 1) {
      begin(line);
    }
  }

  private void begin(Deque<ReleaseEvent> line) {
    means.apply(
        line.element(),
        result -> {
          means.done().accept(result);
          line.remove();
          if (!line.isEmpty()) {
            begin(line);
          }
        });
  }

  @Override
  public void decided(Decision decision) {
    throw new IllegalStateException(decision + ", expected none: this subtask never votes");
  }
}
