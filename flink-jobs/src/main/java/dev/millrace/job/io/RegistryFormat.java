package dev.millrace.job.io;

import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.RegistryFrame;
import java.io.Serial;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Values with the id of their schema in a registry. Both kinds are read; an id whose schema is none
 * of ours gets no further than the codec, which knows the fingerprints that it takes.
 */
final class RegistryFormat implements WireFormat {

  @Serial private static final long serialVersionUID = 1;

  /** Ids that were asked for and are not there; whoever writes many must not fill the memory. */
  private static final int MOST_UNKNOWN = 10_000;

  private final String url;
  private transient @Nullable Known known;

  RegistryFormat(String url) {
    this.url = url;
  }

  /** What the registry has said. */
  private static final class Known {
    private final SchemaRegistry registry;
    private final Map<Integer, Optional<Long>> fingerprints = new ConcurrentHashMap<>();
    private final Map<String, Integer> ids = new ConcurrentHashMap<>();
    private final Map<Long, String> ours = Codecs.schemas();

    Known(String url) {
      registry = new SchemaRegistry(url);
    }
  }

  private synchronized Known known() {
    if (known == null) {
      known = new Known(url);
    }
    return known;
  }

  @Override
  public byte @Nullable [] read(byte @Nullable [] value) {
    if (value == null || !RegistryFrame.isOne(value)) {
      return value;
    }
    int id = RegistryFrame.id(value);
    return (id < 1 ? Optional.<Long>empty() : fingerprint(id))
        .map(fingerprint -> RegistryFrame.unpack(value, fingerprint))
        .orElse(value);
  }

  private Optional<Long> fingerprint(int id) {
    Map<Integer, Optional<Long>> cache = known().fingerprints;
    Optional<Long> found = cache.get(id);
    if (found == null) {
      found = known().registry.schema(id).flatMap(RegistryFrame::fingerprint);
      if (cache.size() > MOST_UNKNOWN) {
        cache.clear();
      }
      cache.put(id, found);
    }
    return found;
  }

  @Override
  public byte @Nullable [] write(String topic, byte @Nullable [] value) {
    if (value == null) {
      return null;
    }
    long fingerprint = RegistryFrame.fingerprint(value);
    int id =
        known()
            .ids
            .computeIfAbsent(
                topic + "-value " + fingerprint,
                subject -> register(topic + "-value", fingerprint));
    return RegistryFrame.pack(value, id);
  }

  private int register(String subject, long fingerprint) {
    String schema = known().ours.get(fingerprint);
    if (schema == null) {
      throw new IllegalArgumentException(
          "schema %016x of %s, expected a current one".formatted(fingerprint, subject));
    }
    return known().registry.register(subject, schema);
  }
}
