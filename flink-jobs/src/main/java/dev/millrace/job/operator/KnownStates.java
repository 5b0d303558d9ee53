package dev.millrace.job.operator;

import java.util.Set;
import java.util.TreeSet;
import org.apache.flink.api.common.state.OperatorStateStore;

/** What an operator's state may hold, by Flink's names: what nobody asks for, Flink passes over. */
public final class KnownStates {

  private KnownStates() {}

  /**
   * Refuses state that has more, as another version of Millrace wrote it: it would be lost.
   *
   * @param names what the operator keeps in lists and broadcast
   * @param another one more of these
   * @throws IllegalStateException if there is other state
   */
  public static void require(OperatorStateStore state, Set<String> names, String another) {
    Set<String> known = new TreeSet<>(names);
    known.add(another);
    Set<String> unknown = new TreeSet<>(state.getRegisteredStateNames());
    unknown.addAll(state.getRegisteredBroadcastStateNames());
    unknown.removeAll(known);
    if (!unknown.isEmpty()) {
      throw new IllegalStateException(
          "state has %s, expected no more than %s: it is of another version of Millrace"
              .formatted(unknown, known));
    }
  }
}
