package dev.millrace.job.loop;

import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.Topics;
import dev.millrace.job.report.Arrival;
import dev.millrace.job.report.Committed;
import dev.millrace.job.report.Recording;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import dev.millrace.schema.Sample;
import dev.millrace.schema.Verdict;
import dev.millrace.schema.wire.Codec;
import dev.millrace.schema.wire.Codecs;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sorts raw records of all topics into a recording. Any thread may use it. */
public final class Recorder {

  private final Topics topics;
  private final @Nullable String only;
  private final List<Committed<Arrival>> samples = new ArrayList<>();
  private final List<Committed<Rejection>> rejections = new ArrayList<>();
  private final List<Committed<Verdict>> verdicts = new ArrayList<>();
  private final List<Committed<Verdict>> alignments = new ArrayList<>();
  private final List<Committed<ReleaseEvent>> releases = new ArrayList<>();
  private final List<ReleaseEvent> events = new ArrayList<>();
  private final List<Committed<Request>> requests = new ArrayList<>();
  private final List<Committed<Answer>> answers = new ArrayList<>();

  Recorder(Topics topics) {
    this(topics, null);
  }

  /**
   * Keeps samples of one id alone, and their refusals.
   *
   * @param only null keeps all
   */
  Recorder(Topics topics, @Nullable String only) {
    this.topics = topics;
    this.only = only;
  }

  /** Everything on the topics, read anew; the time of seeing is left at that of appending. */
  public static Recording audit(RecordReader reader, Topics topics) {
    Recorder recorder = new Recorder(topics);
    for (RawRecord raw : reader.readToEnd()) {
      recorder.add(raw, raw.timestamp());
    }
    return recorder.recording();
  }

  /**
   * What the topics say of the samples of one id, and all verdicts and releases: the rest is not
   * kept.
   */
  public static Recording trace(RecordReader reader, Topics topics, String sample) {
    Recorder recorder = new Recorder(topics, sample);
    reader.readToEnd(raw -> recorder.add(raw, raw.timestamp()));
    return recorder.recording();
  }

  synchronized void add(RawRecord raw, long seenMillis) {
    String topic = raw.origin().topic();
    if (topic.equals(topics.samples())) {
      Sample sample = raw.decoded(Codecs.samples());
      if (isKept(sample == null ? null : sample.id())) {
        samples.add(committed(new Arrival(sample), raw, seenMillis));
      }
    } else if (topic.equals(topics.rejected())) {
      Rejection rejection = raw.decoded(Codecs.rejections());
      if (rejection != null && isKept(rejection.id())) {
        rejections.add(committed(rejection, raw, seenMillis));
      }
    } else if (topic.equals(topics.verdicts())) {
      add(raw, seenMillis, raw.decoded(Codecs.verdicts()));
    } else if (topic.equals(topics.releases())) {
      add(raw, seenMillis, raw.decoded(Codecs.releases()));
    } else if (topic.equals(topics.requests())) {
      add(requests, Codecs.requests(), raw, seenMillis);
    } else if (topic.equals(topics.answers())) {
      add(answers, Codecs.answers(), raw, seenMillis);
    }
  }

  private boolean isKept(@Nullable String id) {
    return only == null || only.equals(id);
  }

  private void add(RawRecord raw, long seenMillis, @Nullable ReleaseEvent event) {
    if (event != null) {
      events.add(event);
      if (event.kind() == ReleaseEvent.Kind.ADAPTER) {
        releases.add(committed(event, raw, seenMillis));
      }
    }
  }

  private void add(RawRecord raw, long seenMillis, @Nullable Verdict verdict) {
    if (verdict != null) {
      (verdict.isOfAlignment() ? alignments : verdicts).add(committed(verdict, raw, seenMillis));
    }
  }

  /** What was said of releases of any kind, in order. */
  synchronized List<ReleaseEvent> events() {
    return List.copyOf(events);
  }

  synchronized Recording recording() {
    return new Recording(
        List.copyOf(samples),
        List.copyOf(rejections),
        List.copyOf(verdicts),
        List.copyOf(releases),
        List.copyOf(requests),
        List.copyOf(answers),
        List.copyOf(alignments));
  }

  synchronized int answered() {
    return answers.size();
  }

  private static <T> void add(
      List<Committed<T>> records, Codec<T> codec, RawRecord raw, long seenMillis) {
    T value = raw.decoded(codec);
    if (value != null) {
      records.add(committed(value, raw, seenMillis));
    }
  }

  private static <T> Committed<T> committed(T value, RawRecord raw, long seenMillis) {
    return new Committed<>(value, raw.origin(), raw.timestamp(), seenMillis);
  }
}
