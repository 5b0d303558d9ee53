package dev.millrace.adapter.batch;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * A bounded, uniform sample of everything that was offered (Vitter's algorithm R); a value.
 *
 * @param seen how many were offered so far
 */
public record Reservoir<T>(int capacity, long seen, List<T> entries) {

  /** A reservoir that holds nothing yet. */
  public static <T> Reservoir<T> empty(int capacity) {
    return new Reservoir<>(capacity, 0, List.of());
  }

  /** The reservoir after some more were offered. */
  public Reservoir<T> offer(List<T> more, long seed) {
    List<T> kept = new ArrayList<>(entries);
    long count = seen;
    for (T one : more) {
      long slot = Math.floorMod(Draws.mix(seed, count) >>> 1, count + 1);
      if (kept.size() < capacity) {
        kept.add(one);
      } else if (slot < capacity) {
        kept.set((int) slot, one);
      }
      count++;
    }
    return new Reservoir<>(capacity, count, List.copyOf(kept));
  }

  /**
   * The reservoir as if what is not wanted had never been offered; how many were is estimated from
   * what was kept.
   */
  public Reservoir<T> keep(Predicate<T> wanted) {
    List<T> kept = entries.stream().filter(wanted).toList();
    long offered = entries.isEmpty() ? 0 : Math.round((double) seen * kept.size() / entries.size());
    return new Reservoir<>(capacity, offered, kept);
  }

  /** The reservoir with room for so many; of what no longer fits the oldest goes. */
  public Reservoir<T> resized(int room) {
    int from = Math.max(0, entries.size() - room);
    return new Reservoir<>(room, seen, List.copyOf(entries.subList(from, entries.size())));
  }

  /** The reservoir with other entries in the places of these. */
  public Reservoir<T> with(List<T> replaced) {
    return new Reservoir<>(capacity, seen, List.copyOf(replaced));
  }
}
