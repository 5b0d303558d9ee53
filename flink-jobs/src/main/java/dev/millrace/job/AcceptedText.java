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
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The text of a stream that has taught: what the releases of a store name as learned. Held-out
 * samples and anchors are in no release; what one tenant's domains learned is for no other.
 */
record AcceptedText(MillraceConfig config) {

  private static final Logger LOG = LoggerFactory.getLogger(AcceptedText.class);

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
    return learned().stream().map(LearnedSample::origin).distinct().sorted(Origin.ORDER).toList();
  }

  private Set<LearnedSample> learned() throws IOException {
    return learned(releases().values(), topics().samples());
  }

  /** What has taught a shared domain. */
  static Set<LearnedSample> learned(Collection<Manifest> releases, String topic) {
    return releases.stream()
        .filter(release -> release.tenant() == null)
        .flatMap(release -> release.learned().stream())
        .filter(sample -> sample.origin().topic().equals(topic))
        .map(sample -> new LearnedSample(sample.sample(), sample.origin(), false))
        .collect(Collectors.toSet());
  }

  /**
   * Texts that were read again, in the order of their topic.
   *
   * @param gone says which samples are not there any more; empty if all are
   */
  record Read(List<Text> texts, String gone) {

    /**
     * This.
     *
     * @throws IllegalArgumentException if no text is left and samples are gone
     */
    Read requireSome() {
      if (texts.isEmpty() && !gone.isEmpty()) {
        throw new IllegalArgumentException(gone + "; expected some to teach");
      }
      return this;
    }
  }

  /**
   * Reads the samples at these places again, as far as they are still there and are to be known.
   *
   * @param before is run before each record of the topic
   */
  Read texts(Collection<Origin> places, Runnable before) throws IOException {
    Reading reading = new Reading(places, learned(), forgotten());
    try (RecordReader reader =
        RecordReader.fromBeginning(config.kafka(), List.of(topics().samples()))) {
      reader.readToEnd(
          raw -> {
            before.run();
            reading.take(raw);
          });
    }
    return reading.done();
  }

  /** Sorts out what is wanted of a topic. */
  static final class Reading {
    private final Set<Origin> wanted;
    private final Set<LearnedSample> learned;
    private final Set<String> forgotten;
    private final Set<Origin> found = new HashSet<>();
    private final List<Text> texts = new ArrayList<>();

    /**
     * @param learned what is to be there: another sample in its place has taught nobody, and may be
     *     one that judges; its topic was made anew
     */
    Reading(Collection<Origin> places, Set<LearnedSample> learned, Set<String> forgotten) {
      this.wanted = Set.copyOf(places);
      this.learned = learned;
      this.forgotten = forgotten;
    }

    void take(RawRecord raw) {
      Sample sample = wanted.contains(raw.origin()) ? raw.decoded(Codecs.samples()) : null;
      if (sample != null && learned.contains(new LearnedSample(sample.id(), raw.origin(), false))) {
        found.add(raw.origin());
        add(sample);
      }
    }

    /** But what has no text, and what some domain was told to forget. */
    private void add(Sample sample) {
      if (!sample.isMedia() && !forgotten.contains(sample.id())) {
        texts.add(new Text(sample.origin(), sample.id(), sample.document(), sample.teaches()));
      }
    }

    Read done() {
      Map<Origin, String> ids = LearnedSample.ids(learned);
      ids.keySet().retainAll(wanted);
      texts.sort(Comparator.comparing(Text::origin, Origin.ORDER));
      return new Read(List.copyOf(texts), TaughtSamples.gone(ids, found));
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
    try (RecordReader reader =
        RecordReader.fromBeginning(config.kafka(), List.of(topics().releases()))) {
      return reader.readToEnd(Codecs.releases(), event -> true);
    }
  }
}
