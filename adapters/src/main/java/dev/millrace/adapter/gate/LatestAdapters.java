package dev.millrace.adapter.gate;

import dev.millrace.adapter.batch.Draws;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Factor;
import dev.millrace.model.release.Routing;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What was measured of the latest adapters. It follows from the adapter and its routing: what was
 * measured of a candidate need not be measured again once it serves.
 */
final class LatestAdapters<V> {
  private final int kept;
  private final Map<Key, V> known = new LinkedHashMap<>();

  /**
   * @param kept adapters that are known at a time, at most
   */
  LatestAdapters(int kept) {
    this.kept = kept;
  }

  /**
   * What tells adapters from each other.
   *
   * @param values all of them, mixed: a digest would cost ten times as much
   */
  private record Key(String kind, Map<String, String> settings, Routing routing, long values) {

    static Key of(Served served) {
      AdapterWeights adapter = served.adapter();
      long mixed = 0;
      for (Factor factor : adapter.factors()) {
        for (float value : factor.values()) {
          mixed = Draws.mix(mixed, Float.floatToRawIntBits(value));
        }
      }
      return new Key(adapter.kind().name(), adapter.settings(), served.routing(), mixed);
    }
  }

  /** What is known of it, or is measured now. */
  synchronized V of(Served served, Supplier<V> measure) {
    Key key = Key.of(served);
    V value = known.get(key);
    return put(key, value == null ? measure.get() : value);
  }

  /** What is known of it; null if nothing is. */
  synchronized @Nullable V known(Served served) {
    Key key = Key.of(served);
    V value = known.get(key);
    return value == null ? null : put(key, value);
  }

  /** From now on this is what is known of it. */
  synchronized void learn(Served served, V value) {
    put(Key.of(served), value);
  }

  /** As the latest. */
  private V put(Key key, V value) {
    known.remove(key);
    known.put(key, value);
    if (known.size() > kept) {
      known.remove(known.keySet().iterator().next());
    }
    return value;
  }
}
