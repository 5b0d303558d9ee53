package dev.millrace.job;

import dev.millrace.adapter.PastSamples;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordsAt;
import dev.millrace.model.score.SampleTokens;
import dev.millrace.schema.Origin;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.InvalidRecordException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads samples again from where they were read first. */
public record KafkaPastSamples(KafkaConfig kafka, SampleTokens tokens) implements PastSamples {

  private static final Logger LOG = LoggerFactory.getLogger(KafkaPastSamples.class);

  @Override
  public Map<Origin, int[]> tokens(Set<Origin> places) {
    return tokens(RecordsAt.read(kafka, places).values());
  }

  /** What is no sample any more is as good as expired: its topic was made anew. */
  Map<Origin, int[]> tokens(Collection<RawRecord> records) {
    Map<Origin, int[]> found = new HashMap<>();
    for (RawRecord record : records) {
      try {
        String text = Codecs.samples().decode(record.value(), record.origin()).teaches();
        found.put(record.origin(), tokens.of(text));
      } catch (InvalidRecordException e) {
        LOG.warn("{} is no sample any more: {}", record.origin(), e.getMessage());
      }
    }
    return found;
  }
}
