package dev.millrace.job.report;

import dev.millrace.schema.Sample;
import org.jspecify.annotations.Nullable;

/**
 * A record on the samples topic, whether it could be decoded or not.
 *
 * @param sample null if it could not be decoded
 */
public record Arrival(@Nullable Sample sample) {

  public @Nullable String domain() {
    return sample == null ? null : sample.domain();
  }
}
