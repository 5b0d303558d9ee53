package dev.millrace.job.cli.releases;

import dev.millrace.job.ReleaseRecords;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.job.releases.Heads;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseLine;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.Counted;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The releases topic of a broker, as people read and write it. */
public record ReleaseTopic(KafkaConfig config) {

  private static final Duration PAUSE = Duration.ofMillis(100);

  /** After so long whoever waits for an order is told so. */
  private static final Duration SOON = Duration.ofSeconds(2);

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  public static ReleaseTopic of(MillraceConfig config) {
    return new ReleaseTopic(config.kafka());
  }

  /**
   * What lets a domain go on from what answers for it: learn may be learning it again after a
   * forget, and publish shadows. Where nothing answers it is told once more to forget, without
   * being held: else the shadows would be dropped.
   *
   * @param pin what the domain follows
   * @throws IllegalStateException if the topic does not say what answers
   */
  static ReleaseEvent unpinning(List<ReleaseEvent> events, ReleaseEvent pin) {
    String answers = pin.answering();
    if (answers.isEmpty()) {
      ReleaseEvent order = ForgetPlan.orders(events).get(pin.line());
      return order != null && order.action() == Action.FORGET && order.release().isEmpty()
          ? order.ordering(Action.FORGET, ForgetPlan.REASON).forgetting(order.forgotten())
          : pin.backToBase("unpinned");
    }
    return Stream.concat(events.stream(), Stream.of(pin))
        .filter(event -> event.line().equals(pin.line()) && event.release().equals(answers))
        .reduce((before, last) -> last)
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "no event names release %s, which answers; expected ./millrace releases rollback"
                        .formatted(answers)))
        .ordering(Action.ROLLBACK, "unpinned");
  }

  /**
   * What any domain may be at: the release that it follows if every one could be loaded, that of
   * its last publication, of its last other event, and what answers while one of these is on trial.
   * Beside that what it was at when it was told to forget: learn may still be learning again what
   * led there.
   */
  static Set<String> heads(List<ReleaseEvent> events) {
    Set<String> heads = new HashSet<>();
    add(Heads.followed(events), heads);
    for (boolean published : new boolean[] {true, false}) {
      Map<ReleaseLine, ReleaseEvent> last = new HashMap<>();
      events.stream()
          .filter(event -> (event.action() == Action.PUBLISH) == published)
          .forEach(event -> last.put(event.line(), event));
      add(last, heads);
    }
    events.stream()
        .filter(event -> event.action() == Action.FORGET)
        .forEach(
            order ->
                events.stream()
                    .filter(event -> isBefore(event, order))
                    .collect(
                        Collectors.toMap(e -> e.action() == Action.PUBLISH, e -> e, (a, b) -> b))
                    .values()
                    .forEach(event -> heads.add(event.release())));
    return heads;
  }

  /** Whether people chose it before, or a trainer published it that had not read the order. */
  private static boolean isBefore(ReleaseEvent event, ReleaseEvent order) {
    Long read = event.read();
    if (event.action() != Action.PUBLISH) {
      read = event.origin().offset();
    }
    return event.action() != Action.FORGET
        && event.line().equals(order.line())
        && (read == null || read < order.origin().offset());
  }

  private static void add(Map<ReleaseLine, ReleaseEvent> events, Set<String> heads) {
    events.values().forEach(event -> heads.addAll(List.of(event.release(), event.answering())));
  }

  /**
   * Where the jobs find a release of a store that may be mounted elsewhere for them: where the
   * topic says, else beside another of its line that is in the store and on the topic, else where
   * it is here. A publication, by a job, is believed before an order, which may name a place of its
   * writer's machine.
   *
   * @param events of the topic, in order
   */
  static String uri(List<ReleaseEvent> events, StoredReleases stored, String id) {
    ReleaseLine line = stored.manifest(id).line();
    return events.stream()
        .filter(event -> event.line().equals(line) && stored.byId().containsKey(event.release()))
        .sorted(
            Comparator.comparing((ReleaseEvent event) -> event.action() == Action.PUBLISH)
                .thenComparing(event -> event.release().equals(id)))
        .flatMap(event -> event.uriOf(id).stream())
        .reduce(stored.uri(id), (before, next) -> next);
  }

  /** All that can be decoded, in order. */
  public List<ReleaseEvent> events() {
    try (RecordReader reader = fromBeginning()) {
      return decoded(reader.readToEnd(), undecoded -> {});
    }
  }

  /**
   * The same for whoever deletes: an order that stands behind what learn has not committed is
   * waited for.
   *
   * @param undecoded is told where each other record stands that has a value
   * @param told what is waited for, if anything is
   * @throws IllegalStateException if it is not committed in time
   */
  public List<ReleaseEvent> written(Consumer<Origin> undecoded, Consumer<String> told) {
    return written(undecoded, told, PATIENCE);
  }

  public List<ReleaseEvent> written(
      Consumer<Origin> undecoded, Consumer<String> told, Duration patience) {
    try (RecordReader reader = fromBeginning()) {
      return decoded(reader.readToWritten(config, told, patience), undecoded);
    }
  }

  private RecordReader fromBeginning() {
    return RecordReader.fromBeginning(config, List.of(new Topics(config.prefix()).releases()));
  }

  /**
   * What a record says stays said where another of its key follows, until compaction: only one that
   * cannot be decoded is taken back at once by one without a value.
   */
  public static List<ReleaseEvent> decoded(List<RawRecord> records, Consumer<Origin> undecoded) {
    Map<ByteBuffer, Long> takenBack = new HashMap<>();
    records.stream()
        .filter(raw -> raw.value() == null && raw.key() != null)
        .forEach(raw -> takenBack.put(ByteBuffer.wrap(raw.key()), raw.origin().offset()));
    List<ReleaseEvent> events = new ArrayList<>();
    for (RawRecord raw : records) {
      ReleaseEvent event = raw.decoded(Codecs.releases());
      if (event != null) {
        events.add(event);
      } else if (raw.value() != null && !isTakenBack(raw, takenBack)) {
        undecoded.accept(raw.origin());
      }
    }
    return events;
  }

  private static boolean isTakenBack(RawRecord raw, Map<ByteBuffer, Long> takenBack) {
    return raw.key() != null
        && takenBack.getOrDefault(ByteBuffer.wrap(raw.key()), -1L) > raw.origin().offset();
  }

  /** Why no release may be deleted: nobody can tell what these records say; null if none are. */
  static @Nullable String reasonNotToDelete(List<Origin> undecoded) {
    return undecoded.isEmpty()
        ? null
        : "%s of %s cannot be decoded, the first at offset %d, expected none: no release is deleted until a record without a value follows under its key (docs/operations.md)"
            .formatted(
                Counted.of(undecoded.size(), "event", "events"),
                undecoded.get(0).topic(),
                undecoded.get(0).offset());
  }

  /**
   * Writes an event, and waits until the jobs can read it: what stands before it must be committed.
   *
   * @param told what is waited for, if that takes long
   * @throws IllegalStateException if it takes too long; the event is written all the same
   */
  public void order(ReleaseEvent event, Consumer<String> told) {
    order(event, told, PATIENCE);
  }

  public void order(ReleaseEvent event, Consumer<String> told, Duration patience) {
    List<String> topic = List.of(new Topics(config.prefix()).releases());
    try (RecordReader reader = RecordReader.fromEnd(config, topic)) {
      Origin written = write(event);
      Predicate<RawRecord> order = record -> record.origin().equals(written);
      if (isRead(reader, order, SOON)) {
        return;
      }
      told.accept(
          "the order is written, behind what learn has not committed: waiting for its next checkpoint");
      if (!isRead(reader, order, patience)) {
        throw new IllegalStateException(
            "the order stands at offset %d of %s and need not be given again, but no job can read it after %d s, expected a checkpoint of learn, which commits what stands before it"
                .formatted(written.offset(), written.topic(), patience.toSeconds()));
      }
    }
  }

  /**
   * Waits until the event of a release can be read: verdicts and release events are committed one
   * after the other.
   *
   * @throws IllegalStateException if it takes longer
   */
  public void awaitEvent(String release, Duration patience) {
    try (RecordReader reader = fromBeginning()) {
      if (!isRead(reader, record -> isOf(record, release), patience)) {
        throw new IllegalStateException(
            "the event of release %s is not on its topic after %d s, expected a job that runs; run this again"
                .formatted(release, patience.toSeconds()));
      }
    }
  }

  private static boolean isOf(RawRecord record, String release) {
    ReleaseEvent event = record.decoded(Codecs.releases());
    return event != null && event.release().equals(release);
  }

  private static boolean isRead(
      RecordReader reader, Predicate<RawRecord> wanted, Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    do {
      if (reader.poll(PAUSE).stream().anyMatch(wanted)) {
        return true;
      }
    } while (System.nanoTime() - end < 0);
    return false;
  }

  /** Writes an event; gives where it stands. */
  public Origin write(ReleaseEvent event) {
    try (RecordWriter writer = new RecordWriter(config)) {
      return ReleaseRecords.append(writer, new Topics(config.prefix()), event).join();
    }
  }
}
