package dev.millrace.job;

import dev.millrace.adapter.PastSamples;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.model.score.SampleTokens;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads samples again from where they were read first. */
public record KafkaPastSamples(KafkaConfig kafka, SampleTokens tokens) implements PastSamples {

  private static final Logger LOG = LoggerFactory.getLogger(KafkaPastSamples.class);

  @Override
  public Map<Origin, int[]> tokens(Map<Origin, String> samples) {
    Map<Origin, Sample> read = read(samples);
    String gone = TaughtSamples.gone(samples, read.keySet());
    if (!gone.isEmpty()) {
      LOG.warn("{}", gone);
    }
    Map<Origin, int[]> found = new HashMap<>();
    read.forEach((place, sample) -> found.put(place, tokens.of(sample.teaches())));
    return found;
  }

  private Map<Origin, Sample> read(Map<Origin, String> samples) {
    try {
      return TaughtSamples.read(kafka, samples);
    } catch (IllegalStateException e) {
      throw new UncheckedIOException(
          "samples that taught cannot be read again", new IOException(e.getMessage(), e));
    }
  }
}
