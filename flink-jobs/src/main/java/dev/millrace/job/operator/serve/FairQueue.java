package dev.millrace.job.operator.serve;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A bounded line in which tenants take turns. Whoever holds most of it gives way first: what is
 * refused when the line is full is the newest of the tenant that has most in it, of those that
 * wait. Large entries count as several.
 */
final class FairQueue<T> {

  private final int bound;
  private final int share;
  private final ToIntFunction<T> weight;
  private final Predicate<T> idle;
  private final Map<Optional<String>, Tenant<T>> tenants = new LinkedHashMap<>();
  private final Deque<Tenant<T>> turns = new ArrayDeque<>();

  /** Entries that were added and are not closed, by weight. */
  private int size;

  /** What a tenant has in the line, and what it has in all without an answer. */
  private static final class Tenant<T> {
    private final Optional<String> name;
    private final Deque<T> waiting = new ArrayDeque<>();
    private final Deque<T> taken = new ArrayDeque<>();
    private int open;

    Tenant(Optional<String> name) {
      this.name = name;
    }
  }

  /**
   * @param bound entries that may be open, waiting or taken
   * @param share of the bound that one tenant may hold while others hold any
   * @param weight how many an entry counts as; one that counts as more than the bound fills it
   * @param idle whether an entry that was taken waits all the same
   */
  FairQueue(int bound, double share, ToIntFunction<T> weight, Predicate<T> idle) {
    this.bound = bound;
    this.idle = idle;
    this.weight = entry -> Math.min(bound, weight.applyAsInt(entry));
    this.share = (int) Math.max(1, Math.ceil(bound * share));
  }

  /** Whether there is room for an entry of that weight. */
  boolean hasRoom(int needed) {
    return size + Math.min(bound, needed) <= bound;
  }

  /** Entries that are open, by weight, and those of one tenant among them. */
  record Held(int all, int own) {}

  /** What would be open if an entry of a tenant were. */
  Held with(@Nullable String tenant, T entry) {
    Tenant<T> holder = tenants.get(Optional.ofNullable(tenant));
    int takes = weight.applyAsInt(entry);
    return new Held(size + takes, (holder == null ? 0 : holder.open) + takes);
  }

  /** How many one tenant may hold while others hold any. */
  int share() {
    return share;
  }

  /** Adds an entry whatever the bounds say. */
  void add(@Nullable String tenant, T entry) {
    Tenant<T> own = tenants.computeIfAbsent(Optional.ofNullable(tenant), Tenant::new);
    if (own.waiting.isEmpty()) {
      turns.add(own);
    }
    own.waiting.add(entry);
    int takes = weight.applyAsInt(entry);
    own.open += takes;
    size += takes;
  }

  /** Adds an entry if there is room for it; gives the entry that must go, this one or another. */
  @Nullable T offer(@Nullable String tenant, T entry) {
    Tenant<T> holder = tenants.get(Optional.ofNullable(tenant));
    int held = holder == null ? 0 : holder.open;
    int own = weight.applyAsInt(entry);
    if (held + own > share && held < size) {
      return entry;
    }
    T evicted = null;
    if (!hasRoom(own)) {
      Tenant<T> largest = largest();
      T newest = largest == null ? null : newest(largest);
      if (largest == null
          || newest == null
          || largest.open <= held + own
          || size - weight.applyAsInt(newest) + own > bound) {
        return entry;
      }
      evicted = newest;
      largest.waiting.remove(evicted);
      largest.taken.remove(evicted);
      closed(largest, evicted);
    }
    add(tenant, entry);
    return evicted;
  }

  /** Of those of whom something waits. */
  private @Nullable Tenant<T> largest() {
    return tenants.values().stream()
        .filter(tenant -> newest(tenant) != null)
        .max(Comparator.comparingInt(tenant -> tenant.open))
        .orElse(null);
  }

  /** What waits and came last; null if nothing waits. */
  private @Nullable T newest(Tenant<T> tenant) {
    if (!tenant.waiting.isEmpty()) {
      return tenant.waiting.getLast();
    }
    for (Iterator<T> newest = tenant.taken.descendingIterator(); newest.hasNext(); ) {
      T entry = newest.next();
      if (idle.test(entry)) {
        return entry;
      }
    }
    return null;
  }

  /** Takes the next entry, each tenant's in turn; null if none waits. It stays open. */
  @Nullable T take() {
    Tenant<T> next = turns.poll();
    if (next == null) {
      return null;
    }
    T entry = next.waiting.remove();
    next.taken.add(entry);
    if (!next.waiting.isEmpty()) {
      turns.add(next);
    }
    return entry;
  }

  /** Takes an entry out of turn, if it waits. It stays open. */
  void take(@Nullable String tenant, T entry) {
    Tenant<T> own = tenants.get(Optional.ofNullable(tenant));
    if (own != null && own.waiting.remove(entry)) {
      own.taken.add(entry);
      if (own.waiting.isEmpty()) {
        turns.remove(own);
      }
    }
  }

  /** Closes an entry that was taken. */
  void close(@Nullable String tenant, T entry) {
    Tenant<T> own = tenants.get(Optional.ofNullable(tenant));
    if (own == null) {
      throw new IllegalStateException("tenant " + tenant + " has nothing open");
    }
    own.taken.remove(entry);
    closed(own, entry);
  }

  private void closed(Tenant<T> tenant, T entry) {
    int freed = weight.applyAsInt(entry);
    size -= freed;
    if (tenant.waiting.isEmpty()) {
      turns.remove(tenant);
    }
    tenant.open -= freed;
    if (tenant.open == 0) {
      tenants.remove(tenant.name);
    }
  }
}
