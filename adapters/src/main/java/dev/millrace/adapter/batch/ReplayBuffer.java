package dev.millrace.adapter.batch;

import java.util.List;
import java.util.function.Predicate;

/** A bounded, uniform sample of what a domain has learned; a value. */
public record ReplayBuffer(Reservoir<Remembered> past) {

  /** A buffer that holds nothing yet. */
  public static ReplayBuffer empty(int capacity) {
    return new ReplayBuffer(Reservoir.empty(capacity));
  }

  /** The buffer after some more samples were learned. */
  public ReplayBuffer remember(List<Remembered> samples, long seed) {
    return new ReplayBuffer(past.offer(samples, seed));
  }

  /** The buffer with other entries in the places of these. */
  public ReplayBuffer with(List<Remembered> replaced) {
    return new ReplayBuffer(past.with(replaced));
  }

  /** The buffer as if only such samples had been learned. */
  public ReplayBuffer keep(Predicate<Remembered> learned) {
    return new ReplayBuffer(past.keep(learned));
  }

  /** The buffer with room for so many; of what no longer fits the oldest goes. */
  public ReplayBuffer resized(int room) {
    return new ReplayBuffer(past.resized(room));
  }

  /** Draws up to n different samples. */
  public List<Remembered> draw(int n, long seed) {
    return Draws.some(past.entries(), n, seed);
  }
}
