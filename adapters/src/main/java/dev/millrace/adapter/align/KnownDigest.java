package dev.millrace.adapter.align;

import dev.millrace.model.align.KnownPairs;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * Says which pairs that the encoders know anchored a batch; in a manifest it stands among the
 * hyperparameters, of which it belongs to one release and to no configuration.
 */
final class KnownDigest {
  private static final String NAME = "known.sha256";

  private KnownDigest() {}

  static void write(KnownPairs known, SortedMap<String, String> hyperparameters) {
    hyperparameters.put(NAME, known.digest());
  }

  /** Takes what {@link #write} has written out again; null in manifests from before it did. */
  static @Nullable String take(SortedMap<String, String> hyperparameters) {
    return hyperparameters.remove(NAME);
  }
}
