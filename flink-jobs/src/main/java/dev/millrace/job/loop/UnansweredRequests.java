package dev.millrace.job.loop;

import dev.millrace.job.ServeJob;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.Topics;
import dev.millrace.schema.Request;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.InvalidRecordException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The requests that a serve job has not committed: those it has not read, and those whose answers
 * could be computed again after a failure. All that the topic holds, if no job has committed any.
 */
public final class UnansweredRequests {

  private UnansweredRequests() {}

  /** The releases that such requests name. */
  public static Set<String> releases(MillraceConfig config) {
    Set<String> releases = new TreeSet<>();
    String requests = new Topics(config.kafka().prefix()).requests();
    try (RecordReader reader =
        RecordReader.fromCommitted(config.kafka(), List.of(requests), ServeJob.group(config))) {
      reader.readToEnd(raw -> add(raw, releases));
    }
    return releases;
  }

  private static void add(RawRecord raw, Set<String> releases) {
    try {
      Request request = Codecs.requests().decode(raw.value(), raw.origin());
      if (request.release() != null) {
        releases.add(request.release());
      }
    } catch (InvalidRecordException e) {
      // The serve job rejects it.
    }
  }
}
