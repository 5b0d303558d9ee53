package dev.millrace.job.io;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.RegistryFrame;
import java.io.Serial;
import java.time.Duration;
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

  /** Ids that are remembered; whoever writes many must not fill the memory. */
  private static final int MOST_IDS = 10_000;

  /** An id that is not there may be registered later. */
  private static final Duration ABSENT = Duration.ofSeconds(30);

  private final String url;
  private final Duration absent;
  private transient @Nullable Known known;

  RegistryFormat(String url) {
    this(url, ABSENT);
  }

  /**
   * @param absent how long an id that is not there is not asked for again
   */
  RegistryFormat(String url, Duration absent) {
    this.url = url;
    this.absent = absent;
  }

  /** What the registry has said. */
  private static final class Known {
    private final SchemaRegistry registry;
    private final Cache<Integer, Long> fingerprints =
        Caffeine.newBuilder().maximumSize(MOST_IDS).build();
    private final Cache<Integer, Boolean> absent;
    private final Map<String, Integer> ids = new ConcurrentHashMap<>();
    private final Map<Long, String> ours = Codecs.schemas();

    Known(String url, Duration absent) {
      registry = new SchemaRegistry(url);
      this.absent = Caffeine.newBuilder().maximumSize(MOST_IDS).expireAfterWrite(absent).build();
    }
  }

  private synchronized Known known() {
    if (known == null) {
      known = new Known(url, absent);
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
    Known said = known();
    Long before = said.fingerprints.getIfPresent(id);
    if (before != null || said.absent.getIfPresent(id) != null) {
      return Optional.ofNullable(before);
    }
    Optional<Long> found = said.registry.schema(id).flatMap(RegistryFrame::fingerprint);
    found.ifPresentOrElse(
        fingerprint -> said.fingerprints.put(id, fingerprint), () -> said.absent.put(id, true));
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
