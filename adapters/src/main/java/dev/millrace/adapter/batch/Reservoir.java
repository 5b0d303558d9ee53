package dev.millrace.adapter.batch;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * A bounded sample of what was offered; a value. Uniform over everything (Vitter's algorithm R), or
 * over what came lately.
 *
 * @param seen how many were offered so far
 */
public record Reservoir<T>(int capacity, long seen, List<T> entries) {

  /** How many of the last offered {@link #follow} draws its entries from. */
  public static final int RECENT = 256;

  /** A reservoir that holds nothing yet. */
  public static <T> Reservoir<T> empty(int capacity) {
    return new Reservoir<>(capacity, 0, List.of());
  }

  /** The reservoir after some more were offered, uniform over everything. */
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
   * The reservoir after some more were offered, where the entries are to follow what is offered: a
   * uniform sample of the first {@link #RECENT}, then of each block of {@code RECENT / capacity}
   * one, in place of the oldest entry. So an entry is gone after at most three times {@code
   * max(RECENT, capacity)} others.
   */
  public Reservoir<T> follow(List<T> more, long seed) {
    int uniform = (int) Math.max(0, Math.min(RECENT - seen, more.size()));
    Reservoir<T> begun = offer(more.subList(0, uniform), seed);
    List<T> kept = new ArrayList<>(begun.entries);
    long block = Math.max(1, RECENT / Math.max(1, capacity));
    long count = begun.seen;
    for (T one : more.subList(uniform, more.size())) {
      boolean drawn = count % block == Math.floorMod(Draws.mix(seed, count / block), block);
      boolean full = kept.size() >= capacity;
      if (drawn && !kept.isEmpty() && (full || block > 1)) {
        kept.remove(0);
      }
      if ((drawn || !full) && capacity > 0) {
        kept.add(one);
      }
      count++;
    }
    return new Reservoir<>(capacity, count, List.copyOf(kept));
  }

  /**
   * The same of what entries are made from: no more is made than stays.
   *
   * @param made an entry of each, in their order; not asked where none stays
   */
  public <S> Reservoir<T> follow(List<S> more, long seed, Function<List<S>, List<T>> made) {
    int before = entries.size();
    List<Integer> places = IntStream.range(0, before + more.size()).boxed().toList();
    Reservoir<Integer> drawn =
        new Reservoir<>(capacity, seen, places.subList(0, before))
            .follow(places.subList(before, places.size()), seed);
    List<S> fresh =
        drawn.entries.stream().filter(at -> at >= before).map(at -> more.get(at - before)).toList();
    Iterator<T> making = (fresh.isEmpty() ? List.<T>of() : made.apply(fresh)).iterator();
    List<T> kept = new ArrayList<>();
    for (int at : drawn.entries) {
      kept.add(at < before ? entries.get(at) : making.next());
    }
    return new Reservoir<>(capacity, drawn.seen, List.copyOf(kept));
  }

  /**
   * The reservoir, uniform over everything, as if what is not wanted had never been offered; how
   * many were is estimated from what was kept.
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

  /**
   * The reservoir with other entries in the places of these, in their order. One that is to follow
   * what is offered lives no longer where others are left out.
   */
  public Reservoir<T> with(List<T> replaced) {
    return new Reservoir<>(capacity, seen, List.copyOf(replaced));
  }
}
