package dev.millrace.job.cli;

import dev.millrace.job.Keys;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.job.loop.Heads;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.InvalidRecordException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The releases topic of a broker, as people read and write it. */
record ReleaseTopic(KafkaConfig config) {

  static ReleaseTopic of(MillraceConfig config) {
    return new ReleaseTopic(config.kafka());
  }

  /** The event that pins a domain; null if it is not pinned. */
  @Nullable ReleaseEvent pin(@Nullable String tenant, String domain, Kind kind) {
    ReleaseEvent current = Heads.followed(events(), kind).get(Heads.alias(tenant, domain));
    return current != null && current.action() == Action.PIN ? current : null;
  }

  /**
   * What each domain may be at: the event that it follows if every release could be loaded, its
   * last publication, its last other event.
   */
  static SortedMap<String, Set<ReleaseEvent>> heads(List<ReleaseEvent> events, Kind kind) {
    SortedMap<String, Set<ReleaseEvent>> heads = new TreeMap<>();
    Heads.followed(events, kind)
        .forEach((alias, event) -> heads.put(alias, new LinkedHashSet<>(Set.of(event))));
    for (boolean published : new boolean[] {true, false}) {
      SortedMap<String, ReleaseEvent> last = new TreeMap<>();
      events.stream()
          .filter(event -> event.kind() == kind)
          .filter(event -> (event.action() == Action.PUBLISH) == published)
          .forEach(event -> last.put(Heads.alias(event.tenant(), event.domain()), event));
      last.forEach(
          (alias, event) -> heads.computeIfAbsent(alias, a -> new LinkedHashSet<>()).add(event));
    }
    return heads;
  }

  /** All that can be decoded, in order. */
  List<ReleaseEvent> events() {
    List<ReleaseEvent> events = new ArrayList<>();
    try (RecordReader reader =
        RecordReader.fromBeginning(config, List.of(new Topics(config.prefix()).releases()))) {
      for (RawRecord raw : reader.readToEnd()) {
        try {
          events.add(Codecs.releases().decode(raw.value(), raw.origin()));
        } catch (InvalidRecordException e) {
          // The serve job has rejected it.
        }
      }
    }
    return events;
  }

  /** Writes an event; gives where it stands. */
  Origin write(ReleaseEvent event) {
    try (RecordWriter writer = new RecordWriter(config)) {
      return writer
          .append(
              new Topics(config.prefix()).releases(),
              new String(Keys.of(event), StandardCharsets.UTF_8),
              Codecs.releases().encode(event))
          .join();
    }
  }
}
