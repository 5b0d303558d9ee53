package dev.millrace.job.operator.learn;

import dev.millrace.adapter.exchange.Report;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/**
 * The end of the stream of reports: hands each to the learn subtask that waits for it, which Flink
 * runs in the same slot. This is what closes the circle, for a stream has none.
 */
@SuppressWarnings("NullAway.Init") // open sets the transient field
public final class ReturnFunction extends ProcessFunction<Report, Void> {

  private static final Map<Place, TrainerLink> LINKS = new ConcurrentHashMap<>();

  /** Those that were there once: a job that stops ends them before it ends their trainers. */
  private transient Map<Place, TrainerLink> found;

  /** A learn subtask of this process. */
  private record Place(JobID job, int subtask) {}

  static void open(JobID job, int subtask, TrainerLink link) {
    LINKS.put(new Place(job, subtask), link);
  }

  static void close(JobID job, int subtask, TrainerLink link) {
    LINKS.remove(new Place(job, subtask), link);
  }

  @Override
  public void open(OpenContext context) {
    found = new HashMap<>();
  }

  @Override
  public void processElement(Report report, Context context, Collector<Void> out) {
    Place place = new Place(getRuntimeContext().getJobInfo().getJobId(), report.call().learner());
    TrainerLink link = LINKS.get(place);
    if (link == null) {
      link = found.get(place);
    }
    if (link == null) {
      throw new IllegalStateException(
          "learn subtask %d is not in this process, expected it in this slot"
              .formatted(place.subtask));
    }
    found.put(place, link);
    link.deliver(report);
  }
}
