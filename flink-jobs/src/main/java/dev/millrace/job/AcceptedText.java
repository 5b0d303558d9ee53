package dev.millrace.job;

import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.adapter.publish.StoredFile;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.FlinkStoreFiles;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.Topics;
import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.model.release.ReleaseReader;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.InvalidRecordException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The text of a stream that has taught: what the releases of a store name as learned. Held-out
 * samples and anchors are in no release; what one tenant's domains learned is for no other.
 */
record AcceptedText(MillraceConfig config) {

  private static final Logger LOG = LoggerFactory.getLogger(AcceptedText.class);

  private static final Comparator<Origin> ORDER =
      Comparator.comparingInt(Origin::partition).thenComparingLong(Origin::offset);

  /** A sample as it was read again. */
  record Text(Origin origin, String id, String document, String text) {}

  private Topics topics() {
    return new Topics(config.kafka().prefix());
  }

  /** The releases of the store that can be read, and are signed where that is asked for, by id. */
  SortedMap<String, Manifest> releases() throws IOException {
    StoreFiles files = FlinkStoreFiles.at(config.store().uri());
    ReleaseFiles published = Openers.published(config);
    SortedMap<String, Manifest> releases = new TreeMap<>();
    for (StoredFile file : files.list()) {
      if (file.path().endsWith("/" + Manifest.FILE)) {
        String id = file.path().substring(0, file.path().length() - Manifest.FILE.length() - 1);
        try {
          releases.put(id, ReleaseReader.readManifest(published, files.uri(id), id));
        } catch (InvalidReleaseException e) {
          LOG.warn("skipped {}: {}", id, e.getMessage());
        }
      }
    }
    return releases;
  }

  /** Where the samples stand that have taught a shared domain, in the order of their topic. */
  List<Origin> places() throws IOException {
    return places(releases().values(), topics().samples());
  }

  static List<Origin> places(Collection<Manifest> releases, String topic) {
    return releases.stream()
        .filter(release -> release.tenant() == null)
        .flatMap(release -> release.learned().stream())
        .map(LearnedSample::origin)
        .filter(origin -> origin.topic().equals(topic))
        .distinct()
        .sorted(ORDER)
        .toList();
  }

  /**
   * Reads the samples at these places again, as far as they have not expired and are to be known.
   *
   * @param before is run before each record of the topic
   */
  List<Text> texts(Collection<Origin> places, Runnable before) {
    Set<Origin> wanted = new HashSet<>(places);
    Set<String> forgotten = forgotten();
    List<Text> texts = new ArrayList<>();
    try (RecordReader reader =
        RecordReader.fromBeginning(config.kafka(), List.of(topics().samples()))) {
      reader.readToEnd(
          raw -> {
            before.run();
            Text text = wanted.contains(raw.origin()) ? text(raw, forgotten) : null;
            if (text != null) {
              texts.add(text);
            }
          });
    }
    texts.sort(Comparator.comparing(Text::origin, ORDER));
    return texts;
  }

  /**
   * Null where it has no text, or some domain was told to forget it. What is no sample any more is
   * as good as expired: its topic was made anew.
   */
  static @Nullable Text text(RawRecord raw, Set<String> forgotten) {
    try {
      Sample sample = Codecs.samples().decode(raw.value(), raw.origin());
      boolean kept = !sample.isMedia() && !forgotten.contains(sample.id());
      return kept
          ? new Text(sample.origin(), sample.id(), sample.document(), sample.teaches())
          : null;
    } catch (InvalidRecordException e) {
      LOG.warn("{} is no sample any more: {}", raw.origin(), e.getMessage());
      return null;
    }
  }

  /** The ids of samples that some domain was told to forget, as far as the topic still tells. */
  Set<String> forgotten() {
    Set<String> forgotten = new HashSet<>();
    events().forEach(event -> forgotten.addAll(event.forgotten()));
    return forgotten;
  }

  /** The events of the store's releases, in order; the jobs reject what cannot be decoded. */
  List<ReleaseEvent> events() {
    List<ReleaseEvent> events = new ArrayList<>();
    try (RecordReader reader =
        RecordReader.fromBeginning(config.kafka(), List.of(topics().releases()))) {
      reader.readToEnd(
          raw -> {
            try {
              events.add(raw.as(Codecs.releases()));
            } catch (InvalidRecordException e) {
              LOG.debug("passed over {}: {}", raw.origin(), e.getMessage());
            }
          });
    }
    return events;
  }
}
