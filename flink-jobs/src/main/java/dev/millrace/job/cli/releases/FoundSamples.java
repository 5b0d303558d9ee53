package dev.millrace.job.cli.releases;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.Topics;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.ReleaseLine;
import dev.millrace.schema.Sample;
import dev.millrace.schema.Verdict;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.Limits;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Samples that are still on their topic, sought by their ids or by who sent them.
 *
 * @param lines of releases that samples there name, sought or not, or verdicts: a domain that was
 *     found for samples stands in these before it has a release
 */
record FoundSamples(List<Found> samples, Set<ReleaseLine> lines) {

  /**
   * A sample on the topic.
   *
   * @param domain null if it named none: it may be of any
   * @param media whether it is a picture or a sound
   */
  record Found(String id, @Nullable String tenant, @Nullable String domain, boolean media) {

    /** Whether the domain of a line may know of it. */
    boolean mayBeOf(ReleaseLine line) {
      return Objects.equals(tenant, line.tenant())
          && (domain == null || domain.equals(line.domain()));
    }
  }

  /**
   * Goes through the whole topic, and that of verdicts.
   *
   * @param source null seeks by ids alone
   * @throws IllegalArgumentException if a source has none there, or too many
   */
  static FoundSamples find(KafkaConfig config, Set<String> ids, @Nullable String source) {
    Search search = new Search(ids, source);
    String topic = new Topics(config.prefix()).samples();
    try (RecordReader reader = RecordReader.fromBeginning(config, List.of(topic))) {
      reader.readToEnd(
          raw -> {
            Sample sample = raw.decoded(Codecs.samples());
            if (sample != null) {
              search.take(sample);
            }
          });
    }
    if (source != null && !search.sent) {
      throw new IllegalArgumentException(
          "no sample of source %s is on %s, expected one: what has expired is forgotten by --sample ID"
              .formatted(source, topic));
    }
    search.lines.addAll(judged(config));
    return new FoundSamples(List.copyOf(search.found), Set.copyOf(search.lines));
  }

  /** Keeps what it seeks of the samples that it is shown, and no more than can be forgotten. */
  static final class Search {
    private final Set<String> named;
    private final Set<String> ids;
    private final @Nullable String source;
    private final Set<Found> found = new LinkedHashSet<>();
    private final Set<ReleaseLine> lines = new HashSet<>();
    private boolean sent;

    Search(Set<String> named, @Nullable String source) {
      this.named = named;
      this.source = source;
      ids = new HashSet<>(named);
    }

    /**
     * @throws IllegalArgumentException if its source has sent too many
     */
    void take(Sample sample) {
      if (sample.domain() != null) {
        lines.addAll(lines(sample.tenant(), sample.domain(), sample.isMedia()));
      }
      boolean ofSource = sample.source().equals(source);
      sent |= ofSource;
      if (ofSource || named.contains(sample.id())) {
        ids.add(sample.id());
        requireFew();
        found.add(new Found(sample.id(), sample.tenant(), sample.domain(), sample.isMedia()));
      }
    }

    Set<Found> found() {
      return found;
    }

    private void requireFew() {
      if (ids.size() > Limits.FORGOTTEN) {
        throw new IllegalArgumentException(
            "source %s sent more samples than can be forgotten, expected at most %d at a time: name some by --sample, run after run (./millrace releases samples lists what a release learned)"
                .formatted(source, Limits.FORGOTTEN));
      }
    }
  }

  /** The lines that verdicts are on. */
  private static Set<ReleaseLine> judged(KafkaConfig config) {
    Set<ReleaseLine> lines = new HashSet<>();
    try (RecordReader reader =
        RecordReader.fromBeginning(config, List.of(new Topics(config.prefix()).verdicts()))) {
      reader.readToEnd(
          raw -> {
            Verdict verdict = raw.decoded(Codecs.verdicts());
            if (verdict != null && verdict.kind() != Kind.BASE) {
              lines.add(verdict.line());
            }
          });
    }
    return lines;
  }

  /** The lines of a domain that may know of a sample. */
  static List<ReleaseLine> lines(@Nullable String tenant, String domain, boolean media) {
    ReleaseLine adapters = new ReleaseLine(tenant, domain, Kind.ADAPTER);
    return media
        ? List.of(adapters, new ReleaseLine(tenant, domain, Kind.ALIGNMENT))
        : List.of(adapters);
  }
}
