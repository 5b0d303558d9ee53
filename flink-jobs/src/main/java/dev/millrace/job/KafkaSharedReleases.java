package dev.millrace.job;

import dev.millrace.adapter.SharedReleases;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.Topics;
import dev.millrace.model.swap.ReleaseLines;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.ReleaseLine;
import dev.millrace.schema.wire.Codecs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the topic of releases once it is asked, and on to what is committed then each time after
 * that: the topic has every event of the last days. After a failure it begins anew.
 */
public final class KafkaSharedReleases implements SharedReleases, AutoCloseable {

  private final KafkaConfig kafka;
  private ReleaseLines lines = new ReleaseLines();
  private @Nullable RecordReader reader;

  public KafkaSharedReleases(KafkaConfig kafka) {
    this.kafka = kafka;
  }

  @Override
  public synchronized Answering answering(String tenant, String domain) {
    try {
      reader().readToEnd(this::take);
    } catch (IllegalStateException e) {
      close();
      throw new UncheckedIOException(
          "what shared domains answer with cannot be read", new IOException(e.getMessage(), e));
    } catch (RuntimeException e) {
      close();
      throw e;
    }
    return new Answering(
        answering(new ReleaseLine(tenant, domain, Kind.ADAPTER)),
        answering(new ReleaseLine(null, domain, Kind.ADAPTER)));
  }

  private RecordReader reader() {
    RecordReader known = reader;
    if (known != null) {
      known.follow();
      return known;
    }
    String topic = new Topics(kafka.prefix()).releases();
    RecordReader opened = RecordReader.fromBeginning(kafka, List.of(topic));
    reader = opened;
    return opened;
  }

  private void take(RawRecord raw) {
    ReleaseEvent event = raw.decoded(Codecs.releases());
    if (event != null && event.kind() == Kind.ADAPTER) {
      lines.read(event);
    }
  }

  /** The event that a line follows; null if that leaves it without a release. */
  private @Nullable ReleaseEvent answering(ReleaseLine line) {
    ReleaseEvent event = lines.followed().get(line);
    return event == null || event.answering().isEmpty() ? null : event;
  }

  @Override
  public synchronized void close() {
    RecordReader open = reader;
    reader = null; // also if it does not close: whoever asks again begins anew
    lines = new ReleaseLines();
    if (open != null) {
      open.close();
    }
  }
}
