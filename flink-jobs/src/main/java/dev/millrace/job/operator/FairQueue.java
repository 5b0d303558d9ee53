package dev.millrace.job.operator;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A bounded line in which tenants take turns. Whoever holds most of it gives way first: what is
 * refused when the line is full is the newest of the tenant that has most in it. Large entries
 * count as several.
 */
final class FairQueue<T> {

  private final int bound;
  private final int share;
  private final ToIntFunction<T> weight;
  private final Map<Optional<String>, Tenant<T>> tenants = new HashMap<>();
  private final Deque<Tenant<T>> turns = new ArrayDeque<>();

  /** Entries that were added and are not closed, by weight. */
  private int size;

  /** What a tenant has in the line, and what it has in all without an answer. */
  private static final class Tenant<T> {
    private final Optional<String> name;
    private final Deque<T> waiting = new ArrayDeque<>();
    private int open;

    Tenant(Optional<String> name) {
      this.name = name;
    }
  }

  /**
   * @param bound entries that may be open, waiting or taken
   * @param share of the bound that one tenant may hold while others hold any
   * @param weight how many an entry counts as; one that counts as more than the bound fills it
   */
  FairQueue(int bound, double share, ToIntFunction<T> weight) {
    this.bound = bound;
    this.weight = entry -> Math.min(bound, weight.applyAsInt(entry));
    this.share = (int) Math.max(1, Math.ceil(bound * share));
  }

  /** Whether there is room for an entry of that weight. */
  boolean hasRoom(int needed) {
    return size + Math.min(bound, needed) <= bound;
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
      if (largest == null || largest.open <= held + own || !makesRoom(largest, own)) {
        return entry;
      }
      evicted = largest.waiting.removeLast();
      closed(largest, evicted);
    }
    add(tenant, entry);
    return evicted;
  }

  private boolean makesRoom(Tenant<T> largest, int needed) {
    return size - weight.applyAsInt(largest.waiting.getLast()) + needed <= bound;
  }

  private @Nullable Tenant<T> largest() {
    return turns.stream().max(Comparator.comparingInt(tenant -> tenant.open)).orElse(null);
  }

  /** Takes the next entry, each tenant's in turn; null if none waits. It stays open. */
  @Nullable T take() {
    Tenant<T> next = turns.poll();
    if (next == null) {
      return null;
    }
    T entry = next.waiting.poll();
    if (!next.waiting.isEmpty()) {
      turns.add(next);
    }
    return entry;
  }

  /** Takes an entry out of turn, if it waits. It stays open. */
  void take(@Nullable String tenant, T entry) {
    Tenant<T> own = tenants.get(Optional.ofNullable(tenant));
    if (own != null && own.waiting.remove(entry) && own.waiting.isEmpty()) {
      turns.remove(own);
    }
  }

  /** Closes an entry that was taken. */
  void close(@Nullable String tenant, T entry) {
    Tenant<T> own = tenants.get(Optional.ofNullable(tenant));
    if (own == null) {
      throw new IllegalStateException("tenant " + tenant + " has nothing open");
    }
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
