package dev.millrace.job.releases;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.Tail;
import dev.millrace.job.io.Topics;
import dev.millrace.model.swap.ReleaseLines;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.wire.Codecs;
import java.io.UncheckedIOException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notes beside a store, at every release event, which releases answer: a run that is killed has
 * noted it, too.
 */
public final class NotedHeads implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(NotedHeads.class);

  private final ReleaseLines lines = new ReleaseLines();
  private final Tail<ReleaseEvent> tail;
  private StoredReleases stored;

  private NotedHeads(StoredReleases stored, KafkaConfig kafka) {
    this.stored = stored;
    String topic = new Topics(kafka.prefix()).releases();
    tail =
        Tail.start(
            topic,
            RecordReader.fromBeginning(kafka, List.of(topic)),
            Codecs.releases(),
            (event, at) -> take(event));
  }

  /**
   * Begins to follow the topic of releases.
   *
   * @param stored as they are in the store now
   */
  public static NotedHeads follow(StoredReleases stored, KafkaConfig kafka) {
    return new NotedHeads(stored, kafka);
  }

  private void take(ReleaseEvent event) {
    lines.read(event);
    try {
      stored = stored.with(event.release());
      stored.note(lines);
    } catch (UncheckedIOException e) {
      LOG.warn("what answers could not be noted: {}", e.getMessage());
    }
  }

  @Override
  public void close() {
    tail.close();
  }
}
