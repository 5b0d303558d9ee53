package dev.millrace.job.bench.learn;

import dev.millrace.adapter.batch.Draws;
import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.batch.ReplayBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Replay buffers by name, with room for some samples together: each has as much as the others, and
 * makes room when one more begins.
 */
record Memories(int capacity, SortedMap<String, ReplayBuffer> buffers) {

  static Memories empty(int capacity) {
    return new Memories(capacity, Collections.emptySortedMap());
  }

  /** After some more samples were learned under a name. */
  Memories remember(String name, List<Remembered> samples, long seed) {
    SortedMap<String, ReplayBuffer> all = new TreeMap<>(buffers);
    all.putIfAbsent(name, ReplayBuffer.empty(capacity));
    int more = capacity % all.size();
    for (String each : all.keySet()) {
      int room = capacity / all.size() + (more-- > 0 ? 1 : 0);
      all.computeIfPresent(each, (same, buffer) -> buffer.resized(room));
    }
    all.computeIfPresent(name, (same, buffer) -> buffer.remember(samples, seed));
    return new Memories(capacity, Collections.unmodifiableSortedMap(all));
  }

  /** What is remembered under a name. */
  List<Remembered> of(String name) {
    ReplayBuffer buffer = buffers.get(name);
    return buffer == null ? List.of() : buffer.past().entries();
  }

  /** What is remembered under other names. */
  Memories without(String name) {
    SortedMap<String, ReplayBuffer> others = new TreeMap<>(buffers);
    others.remove(name);
    return new Memories(capacity, Collections.unmodifiableSortedMap(others));
  }

  /** Draws up to n different samples. */
  List<Remembered> draw(int n, long seed) {
    List<Remembered> all = new ArrayList<>();
    buffers.values().forEach(buffer -> all.addAll(buffer.past().entries()));
    List<Remembered> drawn = new ArrayList<>();
    for (int i : Draws.permutation(all.size(), seed)) {
      if (drawn.size() < n) {
        drawn.add(all.get(i));
      }
    }
    return drawn;
  }
}
