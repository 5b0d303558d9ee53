package dev.millrace.job;

import dev.millrace.adapter.PastSamples;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordsAt;
import dev.millrace.model.score.SampleTokens;
import dev.millrace.schema.Origin;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.InvalidRecordException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Reads samples again from where they were read first. */
public record KafkaPastSamples(KafkaConfig kafka, SampleTokens tokens) implements PastSamples {

  @Override
  public Map<Origin, int[]> tokens(Set<Origin> places) {
    Map<Origin, int[]> found = new HashMap<>();
    for (RawRecord record : RecordsAt.read(kafka, places).values()) {
      try {
        String text = Codecs.samples().decode(record.value(), record.origin()).teaches();
        found.put(record.origin(), tokens.of(text));
      } catch (InvalidRecordException e) {
        throw new IllegalStateException(record.origin() + " is no sample any more", e);
      }
    }
    return found;
  }
}
