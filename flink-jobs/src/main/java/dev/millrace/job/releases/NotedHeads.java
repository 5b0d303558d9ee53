package dev.millrace.job.releases;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.Tail;
import dev.millrace.job.io.Topics;
import dev.millrace.model.swap.SwapRule;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseLine;
import dev.millrace.schema.wire.Codecs;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notes beside a store, at every release event, which releases answer: a run that is killed has
 * noted it, too.
 */
public final class NotedHeads implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(NotedHeads.class);

  /** The event that serving follows. */
  private final Map<ReleaseLine, ReleaseEvent> followed = new HashMap<>();

  /** The lines that people hold. */
  private final Set<ReleaseLine> held = new HashSet<>();

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
    ReleaseLine line = event.line();
    followed.put(line, SwapRule.after(event, followed.get(line)));
    Heads.hold(event, held);
    try {
      stored = stored.with(event.release());
      stored.note(followed.values(), held);
    } catch (UncheckedIOException e) {
      LOG.warn("what answers could not be noted: {}", e.getMessage());
    }
  }

  @Override
  public void close() {
    tail.close();
  }
}
