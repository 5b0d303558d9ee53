package dev.millrace.job.cli;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.Topics;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.InvalidRecordException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Samples that are still on their topic, sought by their ids or by who sent them. */
record FoundSamples(List<Found> samples) {

  /**
   * A sample on the topic.
   *
   * @param domain null if it named none: it may be of any
   * @param media whether it is a picture or a sound
   */
  record Found(String id, @Nullable String tenant, @Nullable String domain, boolean media) {

    /** Whether the domain of a release may know of it. */
    boolean mayBeOf(ReleaseEvent release) {
      return Objects.equals(tenant, release.tenant())
          && (domain == null || domain.equals(release.domain()));
    }
  }

  /**
   * Goes through the whole topic.
   *
   * @param source null seeks by ids alone
   */
  static FoundSamples find(KafkaConfig config, Set<String> ids, @Nullable String source) {
    List<Found> found = new ArrayList<>();
    try (RecordReader reader =
        RecordReader.fromBeginning(config, List.of(new Topics(config.prefix()).samples()))) {
      reader.readToEnd(
          raw -> {
            Sample sample = decoded(raw);
            if (sample != null && (ids.contains(sample.id()) || sample.source().equals(source))) {
              found.add(new Found(sample.id(), sample.tenant(), sample.domain(), sample.isMedia()));
            }
          });
    }
    return new FoundSamples(List.copyOf(found));
  }

  /** Null where learn has rejected it. */
  private static @Nullable Sample decoded(RawRecord raw) {
    try {
      return Codecs.samples().decode(raw.value(), raw.origin());
    } catch (InvalidRecordException e) {
      return null;
    }
  }
}
