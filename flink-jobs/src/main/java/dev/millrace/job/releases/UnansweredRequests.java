package dev.millrace.job.releases;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.Topics;
import dev.millrace.job.operator.KeyedRequest;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Request;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.InvalidRecordException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * The requests on their topic that have no committed answer on theirs: not read by a serve job yet,
 * in its state, or to be computed again after a failure.
 */
public final class UnansweredRequests {

  private UnansweredRequests() {}

  /** The releases that such requests name. */
  public static Set<String> releases(MillraceConfig config) {
    Topics topics = new Topics(config.kafka().prefix());
    Map<Origin, String> open = new HashMap<>();
    read(config, topics.requests(), raw -> open(raw, open));
    // answers last: none that comes meanwhile is overlooked
    read(config, topics.answers(), raw -> answered(raw, open));
    return new TreeSet<>(open.values());
  }

  private static void read(MillraceConfig config, String topic, Consumer<RawRecord> each) {
    try (RecordReader reader = RecordReader.fromBeginning(config.kafka(), List.of(topic))) {
      reader.readToEnd(each);
    }
  }

  private static void open(RawRecord raw, Map<Origin, String> open) {
    try {
      Request request = KeyedRequest.of(raw).request();
      if (request.release() != null) {
        open.put(raw.origin(), request.release());
      }
    } catch (InvalidRecordException e) {
      // The serve job rejects it.
    }
  }

  private static void answered(RawRecord raw, Map<Origin, String> open) {
    Answer answer = raw.decoded(Codecs.answers());
    if (answer != null) { // else it answers nothing: what it would have answered counts as open
      open.remove(answer.requestOrigin());
    }
  }
}
