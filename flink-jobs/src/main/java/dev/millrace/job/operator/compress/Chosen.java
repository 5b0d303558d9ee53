package dev.millrace.job.operator.compress;

import dev.millrace.schema.Origin;
import java.util.List;
import org.apache.flink.api.connector.source.SourceSplit;

/**
 * What a student learns from, before a restart and after it.
 *
 * @param places of the samples, on one topic
 */
record Chosen(List<Origin> places) implements SourceSplit {

  @Override
  public String splitId() {
    return "accepted";
  }
}
