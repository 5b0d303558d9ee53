package dev.millrace.job.loop;

import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.report.Recording;
import dev.millrace.model.score.HeldOut;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Codecs;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Supplier;

/** Sends samples as fast as they are learned, and no faster: few are ever on their way. */
final class Feed {

  private final RecordWriter writer;
  private final String topic;
  private final HeldOut heldOut;
  private final Pace pace;
  private final InstantSource clock;

  private int sent;
  private int aside;

  Feed(RecordWriter writer, String topic, HeldOut heldOut, Pace pace, InstantSource clock) {
    this.writer = writer;
    this.topic = topic;
    this.heldOut = heldOut;
    this.pace = pace;
    this.clock = clock;
  }

  /**
   * Sends samples in order until the deadline.
   *
   * @param window how many may be sent and not yet refused, judged or put aside
   * @return how many were sent
   */
  int send(List<Sample> samples, int window, Supplier<Recording> recording, long deadlineNanos)
      throws InterruptedException {
    for (Sample sample : samples) {
      if (sent % 16 == 0
          && !pace.await(() -> onTheirWay(recording.get()) < window, deadlineNanos)) {
        break;
      }
      Sample now = sample.withEventTime(clock.millis());
      writer.send(topic, sample.domain(), Codecs.samples().encode(now));
      sent++;
      if (heldOut.contains(sample.tenant(), String.valueOf(sample.domain()), sample.document())) {
        aside++;
      }
    }
    writer.flush();
    return sent;
  }

  /** How many were sent and not yet refused, judged or put aside. */
  int onTheirWay(Recording recording) {
    int taught = recording.verdicts().stream().mapToInt(v -> v.value().samples()).sum();
    return sent - aside - recording.rejections().size() - taught;
  }
}
