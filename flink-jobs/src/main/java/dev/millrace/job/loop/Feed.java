package dev.millrace.job.loop;

import dev.millrace.job.report.Recording;
import dev.millrace.model.score.HeldOut;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.Sample;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Sends samples as fast as they are learned, and no faster: few are ever on their way. */
final class Feed {

  private final Consumer<Sample> topic;
  private final HeldOut heldOut;
  private final Waiting waiting;
  private final InstantSource clock;

  /** Ids of what was not put aside. */
  private final Set<String> teaching = new HashSet<>();

  private int sent;
  private int aside;

  Feed(Consumer<Sample> topic, HeldOut heldOut, Waiting waiting, InstantSource clock) {
    this.topic = topic;
    this.heldOut = heldOut;
    this.waiting = waiting;
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
          && !waiting.await(() -> onTheirWay(recording.get()) < window, deadlineNanos)) {
        break;
      }
      topic.accept(sample.withEventTime(clock.millis()));
      sent++;
      if (heldOut.contains(sample.tenant(), String.valueOf(sample.domain()), sample.document())) {
        aside++;
      } else {
        teaching.add(sample.id());
      }
    }
    return sent;
  }

  /** How many were sent and not yet refused, judged or put aside. */
  int onTheirWay(Recording recording) {
    int judged = recording.verdicts().stream().mapToInt(v -> v.value().samples()).sum();
    long refused = recording.rejections().stream().filter(r -> mightTeach(r.value())).count();
    return sent - aside - (int) refused - judged;
  }

  /**
   * Whether every batch that was closed is judged, and what it taught committed.
   *
   * @param gathering samples in batches that are open
   */
  boolean isLearned(Recording recording, int gathering) {
    return onTheirWay(recording) <= gathering;
  }

  /** What is held out and refused was put aside already. */
  private boolean mightTeach(Rejection rejection) {
    return rejection.id() == null || teaching.contains(rejection.id());
  }
}
