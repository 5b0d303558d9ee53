package dev.millrace.job;

import dev.millrace.adapter.SharedReleases;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.Topics;
import dev.millrace.model.swap.SwapRule;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.ReleaseLine;
import dev.millrace.schema.wire.Codecs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the topic of releases to what is committed now whenever it is asked, which keeps nothing:
 * it is compacted, and whoever asks trains next, which takes longer.
 */
public record KafkaSharedReleases(KafkaConfig kafka) implements SharedReleases {

  @Override
  public Answering answering(String tenant, String domain) {
    ReleaseLine own = new ReleaseLine(tenant, domain, Kind.ADAPTER);
    ReleaseLine shared = new ReleaseLine(null, domain, Kind.ADAPTER);
    List<ReleaseEvent> events = events(List.of(own, shared));
    return new Answering(answering(events, own), answering(events, shared));
  }

  /** The event that a line follows; null if that leaves it without a release. */
  private static @Nullable ReleaseEvent answering(List<ReleaseEvent> events, ReleaseLine line) {
    List<ReleaseEvent> ofLine = events.stream().filter(event -> event.line().equals(line)).toList();
    ReleaseEvent followed = ofLine.isEmpty() ? null : SwapRule.after(ofLine);
    return followed == null || followed.answering().isEmpty() ? null : followed;
  }

  private List<ReleaseEvent> events(List<ReleaseLine> lines) {
    String topic = new Topics(kafka.prefix()).releases();
    try (RecordReader reader = RecordReader.fromBeginning(kafka, List.of(topic))) {
      return reader.readToEnd(Codecs.releases(), event -> lines.contains(event.line()));
    } catch (IllegalStateException e) {
      throw new UncheckedIOException(
          "what shared domains answer with cannot be read", new IOException(e.getMessage(), e));
    }
  }
}
