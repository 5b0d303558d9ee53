package dev.millrace.job;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.InvalidRecordException;
import java.util.concurrent.CompletableFuture;

/** Writes release events outside of a job. */
public final class ReleaseRecords {
  private ReleaseRecords() {}

  /**
   * As {@link RecordWriter#append} does.
   *
   * @throws IllegalArgumentException if the jobs would refuse the event
   */
  public static CompletableFuture<Origin> append(
      RecordWriter writer, Topics topics, ReleaseEvent event) {
    return writer.append(topics.releases(), key(event), valid(event));
  }

  /** As {@link RecordWriter#send} does. */
  public static void send(RecordWriter writer, Topics topics, ReleaseEvent event) {
    writer.send(topics.releases(), key(event), valid(event));
  }

  /** What no job would read is not written. */
  private static byte[] valid(ReleaseEvent event) {
    byte[] value = Codecs.releases().encode(event);
    try {
      ReleaseEvent unused = Codecs.releases().decode(value, Origin.UNWRITTEN);
      return value;
    } catch (InvalidRecordException e) {
      throw new IllegalArgumentException(e.detail(), e);
    }
  }

  private static String key(ReleaseEvent event) {
    return new String(Keys.of(event), UTF_8);
  }
}
