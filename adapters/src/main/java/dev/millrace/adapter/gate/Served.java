package dev.millrace.adapter.gate;

import dev.millrace.model.adapter.AdapterWeights;
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
    return base.under(routing).load(adapter);
  }
}
