package dev.millrace.adapter.gate;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Delta;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.release.Routing;

/**
 * An adapter as it serves.
 *
 * @param adapter quantized
 */
public record Served(AdapterWeights adapter, Routing routing) {

  /** Loads it; the caller closes it. */
  LoadedAdapter load(BaseModel base) {
    return isBase(base) ? base.noAdapter() : base.under(routing).load(adapter);
  }

  /** Whether it is as good as none, as a domain's first one is: the base says the same alone. */
  boolean isBase(BaseModel base) {
    return routing.equals(Routing.topK(base.config().router().topK()))
        && adapter.deltas().stream().allMatch(Served::addsNothing);
  }

  private static boolean addsNothing(Delta delta) {
    for (float value : delta.b()) {
      if (value != 0) {
        return false;
      }
    }
    for (float value : delta.a()) {
      if (!Float.isFinite(value)) {
        return false; // 0 times that is not a number
      }
    }
    return true;
  }
}
