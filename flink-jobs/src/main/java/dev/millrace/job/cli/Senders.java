package dev.millrace.job.cli;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordsAt;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Codecs;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Who sent the samples that lie at some places of their topics. */
record Senders(KafkaConfig config) {

  /** By place; what has expired is not among them. */
  Map<Origin, String> of(Set<Origin> places) {
    Map<Origin, String> senders = new HashMap<>();
    for (RawRecord record : RecordsAt.read(config, places).values()) {
      Sample sample = record.decoded(Codecs.samples());
      if (sample != null) { // else it is as good as expired: its topic was made anew
        senders.put(record.origin(), sample.source());
      }
    }
    return senders;
  }
}
