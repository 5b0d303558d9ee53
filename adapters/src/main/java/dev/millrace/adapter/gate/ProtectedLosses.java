package dev.millrace.adapter.gate;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.model.adapter.Factor;
import dev.millrace.model.weights.Digest;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Losses of the latest adapters on the protected sets, nats by set. They follow from the adapter
 * and its routing: what was measured of a candidate need not be measured again once it serves.
 */
final class ProtectedLosses {
  private static final int KEPT = 64;

  private final Map<String, Map<String, Double>> nats = new LinkedHashMap<>();

  /** What is known of it, or is measured now. */
  synchronized Map<String, Double> of(Served served, Supplier<Map<String, Double>> measure) {
    String key = key(served);
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

  private static String key(Served served) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes((served.adapter().settings() + " " + served.routing()).getBytes(UTF_8));
    for (Factor factor : served.adapter().factors()) {
      ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * factor.values().length);
      bytes.asFloatBuffer().put(factor.values());
      all.writeBytes(bytes.array());
    }
    return served.adapter().kind().name() + Digest.sha256(all.toByteArray());
  }
}
