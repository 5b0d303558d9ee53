package dev.millrace.adapter.gate;

import dev.millrace.adapter.batch.Draws;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Factor;
import dev.millrace.model.release.Routing;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Losses of the latest adapters on the protected sets, nats by set. They follow from the adapter
 * and its routing: what was measured of a candidate need not be measured again once it serves.
 */
final class ProtectedLosses {
  private static final int KEPT = 64;

  private final Map<Key, Map<String, Double>> nats = new LinkedHashMap<>();

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
  synchronized Map<String, Double> of(Served served, Supplier<Map<String, Double>> measure) {
    Key key = Key.of(served);
    Map<String, Double> known = nats.remove(key);
    if (known == null) {
      known = measure.get();
    }
    nats.put(key, known);
    if (nats.size() > KEPT) {
      nats.remove(nats.keySet().iterator().next());
    }
    return known;
  }
}
