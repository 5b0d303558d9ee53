package dev.millrace.job.operator.gather;

import dev.millrace.adapter.batch.BatchPolicy;
import dev.millrace.job.operator.Due;
import dev.millrace.job.operator.Figures;
import dev.millrace.job.operator.Keys;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.KeyedProcessOperator;
import org.apache.flink.streaming.api.operators.TimerHeapInternalTimer;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Gathers batches, and closes those that are open when the input ends. The last watermark of a
 * source would do so too, but Flink drops it where the source was idle before it ended. If the
 * policy says so, it also closes the batch of a domain that is silent: that wait is not state, and
 * begins anew where the job does.
 */
@SuppressWarnings("NullAway.Init") // open sets the transient field
public final class BatchOperator extends KeyedProcessOperator<String, ScoredSample, TrainingBatch>
    implements BoundedOneInput {

  /** What counts, of each domain, the samples in the batch that gathers. */
  public static final String GATHERING = "gathering";

  private static final long serialVersionUID = 1;

  /** The function's own, as Flink calls them. */
  private static final String TIMERS = "user-timers";

  private final long idleMillis;

  /** By key, when its last sample came, processing time; the longest ago first. */
  private transient Map<String, Long> lastCame;

  public BatchOperator(BatchPolicy policy) {
    super(new BatchFunction(policy));
    idleMillis = policy.idleMillis();
  }

  @Override
  public void open() throws Exception {
    super.open();
    lastCame = new LinkedHashMap<>();
    List<String> open = Keys.with(getKeyedStateBackend(), BatchFunction.SINCE);
    for (String key : open.subList(0, Math.min(open.size(), Figures.MOST_LABELS))) {
      setCurrentKey(key);
      ((BatchFunction) userFunction).show();
    }
    restart(open);
    if (idleMillis > 0) {
      open.forEach(this::came);
    }
  }

  /** The span may be another than before a restart; a timer that is there stays one. */
  private void restart(List<String> open) throws Exception {
    var timers = getInternalTimerService(TIMERS, VoidNamespaceSerializer.INSTANCE, this);
    for (String key : open) {
      setCurrentKey(key);
      timers.registerEventTimeTimer(VoidNamespace.INSTANCE, ((BatchFunction) userFunction).due());
    }
  }

  @Override
  public void processElement(StreamRecord<ScoredSample> element) throws Exception {
    super.processElement(element);
    if (idleMillis > 0) {
      came((String) getCurrentKey());
    }
  }

  private void came(String key) {
    boolean first = lastCame.isEmpty(); // else a timer waits
    lastCame.remove(key); // or it kept its place
    lastCame.put(key, now());
    if (first) {
      lookAfter(now());
    }
  }

  private long now() {
    return getProcessingTimeService().getCurrentProcessingTime();
  }

  private void lookAfter(long millis) {
    var unused =
        getProcessingTimeService()
            .registerTimer(Due.after(millis, idleMillis), this::closeWhatIsSilent);
  }

  /**
   * Closes them, the longest silent first.
   *
   * @param fires when it was to be called; where that is yet to come, the clock was set back
   */
  void closeWhatIsSilent(long fires) throws Exception {
    long now = now();
    long time = Math.min(fires, now);
    if (time < fires) {
      lastCame.replaceAll((key, came) -> Math.min(came, now)); // else none closes until then
    }
    while (!lastCame.isEmpty()) {
      Map.Entry<String, Long> longest = lastCame.entrySet().iterator().next();
      String key = longest.getKey();
      boolean early = Due.after(longest.getValue(), idleMillis) > time;
      if (early || StoppedInput.isLikely(getContainingTask(), time, now())) {
        lookAfter(early ? longest.getValue() : now());
        return;
      }
      lastCame.remove(key);
      setCurrentKey(key);
      onProcessingTime(new TimerHeapInternalTimer<>(time, key, VoidNamespace.INSTANCE));
    }
  }

  @Override
  public void endInput() throws Exception {
    processWatermark(Watermark.MAX_WATERMARK);
  }
}
