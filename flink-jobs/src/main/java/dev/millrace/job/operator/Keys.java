package dev.millrace.job.operator;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.VoidNamespace;

/** The keys of a subtask. */
public final class Keys {

  private Keys() {}

  /** Those that have something in any of these states, once each and in their order. */
  public static List<String> with(KeyedStateBackend<String> backend, String... states) {
    Set<String> found = new TreeSet<>();
    for (String state : states) {
      try (Stream<String> keys = backend.getKeys(state, VoidNamespace.INSTANCE)) {
        keys.forEach(found::add);
      }
    }
    return List.copyOf(found);
  }
}
