package dev.millrace.job.operator.compress;

import dev.millrace.adapter.train.Governor;
import dev.millrace.job.operator.Courtesy;
import dev.millrace.job.operator.Figures;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.Opener;
import dev.millrace.model.base.DaemonThreads;
import dev.millrace.schema.Verdict;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.jspecify.annotations.Nullable;

/** Teaches beside the task's thread, and ends with the verdict. */
final class CompressReader implements SourceReader<Verdict, Chosen> {

  /** Steps that the student was taught. */
  private static final String STEPS = "compressSteps";

  /** Of the last of them, nats per token. */
  private static final String LOSS = "compressLoss";

  private final SourceReaderContext context;
  private final Opener<Teaching> teachings;
  private final Courtesy courtesy;
  private final ExecutorService thread;
  private final CompletableFuture<Verdict> verdict = new CompletableFuture<>();
  private final CompletableFuture<Void> available = verdict.handle((told, failure) -> null);
  private volatile @Nullable Chosen chosen;

  /** Done once a checkpoint is complete that knows what was chosen. */
  private final CompletableFuture<@Nullable Void> kept = new CompletableFuture<>();

  /** The first that knows it. */
  private long knowing = Long.MAX_VALUE;

  private volatile boolean closing;
  private volatile long steps;
  private volatile double loss;

  CompressReader(SourceReaderContext context, Opener<Teaching> teachings, Courtesy courtesy) {
    this.context = context;
    this.teachings = teachings;
    this.courtesy = courtesy;
    ClassLoader userCode = context.getUserCodeClassLoader().asClassLoader();
    this.thread =
        Executors.newSingleThreadExecutor(
            runnable -> {
              Thread t = new Thread(runnable, "compress");
              t.setContextClassLoader(userCode);
              t.setDaemon(true);
              return t;
            });
    MetricGroup group = new Figures(context.metricGroup()).group();
    group.gauge(STEPS, () -> steps);
    group.gauge(LOSS, () -> loss);
  }

  @Override
  public void start() {
    thread.execute(this::run);
  }

  private void run() {
    try {
      courtesy.adopt();
      verdict.complete(taught());
    } catch (IllegalArgumentException failure) {
      verdict.completeExceptionally(new SuppressRestartsException(failure));
    } catch (Throwable failure) {
      verdict.completeExceptionally(failure);
    }
  }

  private Verdict taught() throws Exception {
    Opened<Teaching> opened = teachings.open(context.getIndexOfSubtask());
    try {
      Teaching teaching = opened.value();
      Chosen known = chosen;
      if (known == null) {
        known = new Chosen(teaching.choose());
        chosen = known;
      }
      return teaching.teach(known.places(), new Heard(courtesy.governor(() -> !closing)));
    } finally {
      opened.close();
    }
  }

  private static CancellationException ended() {
    return new CancellationException("the task ends");
  }

  private final class Heard implements Teaching.Progress {
    private final Governor governor;

    Heard(Governor governor) {
      this.governor = governor;
    }

    @Override
    public void requireWanted() {
      if (closing) {
        throw ended();
      }
    }

    @Override
    public void awaitKept() {
      kept.join();
    }

    @Override
    public void asked() {
      giveWay();
    }

    @Override
    public void stepped(long step, double ofStep) {
      steps = step;
      loss = ofStep;
      giveWay();
    }

    private void giveWay() {
      if (!governor.proceed()) {
        throw ended();
      }
    }
  }

  /** The verdict and the end in one: no checkpoint is between them. */
  @Override
  public InputStatus pollNext(ReaderOutput<Verdict> output) throws Exception {
    if (!verdict.isDone()) {
      return InputStatus.NOTHING_AVAILABLE;
    }
    output.collect(verdict.get());
    return InputStatus.END_OF_INPUT;
  }

  @Override
  public CompletableFuture<Void> isAvailable() {
    return available;
  }

  @Override
  public List<Chosen> snapshotState(long checkpoint) {
    Chosen known = chosen;
    if (known == null) {
      return List.of();
    }
    knowing = Math.min(knowing, checkpoint);
    return List.of(known);
  }

  @Override
  public void notifyCheckpointComplete(long checkpoint) {
    if (checkpoint >= knowing) {
      kept.complete(null);
    }
  }

  /** Comes before the start, after a restart. */
  @Override
  public void addSplits(List<Chosen> splits) {
    chosen = splits.get(0);
    kept.complete(null);
  }

  @Override
  public void notifyNoMoreSplits() {}

  /** Ends the work between two steps: native code does not stand being interrupted. */
  @Override
  public void close() {
    closing = true;
    kept.completeExceptionally(ended());
    DaemonThreads.end(thread);
  }
}
