package dev.millrace.job;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordsAt;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.Counted;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Samples that have taught, read again from where they were read first. */
public final class TaughtSamples {

  private static final int NAMED = 3;

  private TaughtSamples() {}

  /**
   * By place, those that are still there.
   *
   * @param ids of the samples by place
   * @throws IllegalStateException if the broker does not give them
   */
  public static Map<Origin, Sample> read(KafkaConfig kafka, Map<Origin, String> ids) {
    return among(RecordsAt.read(kafka, ids.keySet()).values(), ids);
  }

  /** What is no sample any more, or another, is as good as expired: its topic was made anew. */
  static Map<Origin, Sample> among(Collection<RawRecord> records, Map<Origin, String> ids) {
    Map<Origin, Sample> found = new HashMap<>();
    for (RawRecord record : records) {
      Sample sample = record.decoded(Codecs.samples());
      if (sample != null && sample.id().equals(ids.get(record.origin()))) {
        found.put(record.origin(), sample);
      }
    }
    return found;
  }

  /**
   * Says which samples are not where they were, a few by name; empty if all are.
   *
   * @param found where one is still there
   */
  public static String gone(Map<Origin, String> ids, Set<Origin> found) {
    List<Map.Entry<Origin, String>> gone =
        ids.entrySet().stream()
            .filter(sample -> !found.contains(sample.getKey()))
            .sorted(Map.Entry.comparingByKey(Origin.ORDER))
            .toList();
    String named =
        gone.stream()
            .limit(NAMED)
            .map(sample -> named(sample.getValue(), sample.getKey()))
            .collect(Collectors.joining("; "));
    return gone.isEmpty()
        ? ""
        : "%d of %s not on %s topic any more, such as %s"
            .formatted(
                gone.size(),
                Counted.of(ids.size(), "sample is", "samples are"),
                ids.size() == 1 ? "its" : "their",
                named);
  }

  private static String named(String id, Origin at) {
    return "%s (%s, partition %d, offset %d)"
        .formatted(id, at.topic(), at.partition(), at.offset());
  }
}
