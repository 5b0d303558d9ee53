package dev.millrace.job.warmup;

import java.time.Duration;
import java.util.Arrays;
import org.apache.flink.api.common.accumulators.IntCounter;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.SecurityOptions;
import org.apache.flink.configuration.WebOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.Collector;

/**
 * Flink's own part of a task, used by a job of a few numbers in this process. It fails once, after
 * its first checkpoint, and so reads its state again, as the first task here will.
 */
final class FlinkTasks {
  private static final String MET = "met";
  private static final int NUMBERS = 100;
  private static final int EACH_MILLIS = 10;
  private static final Duration CHECKPOINTS = Duration.ofMillis(100);
  private static final long LOOK_MILLIS = 200;

  /** The group that Flink puts the threads of all tasks in. */
  private static final String THREADS = "Flink Task Threads";

  private FlinkTasks() {}

  /** Whether this process has tasks to run within that time; they use the same. */
  static boolean comeWithin(Duration time) throws InterruptedException {
    long deadline = System.nanoTime() + time.toNanos();
    while (!areHere()) {
      if (System.nanoTime() - deadline >= 0) {
        return false;
      }
      Thread.sleep(LOOK_MILLIS);
    }
    return true;
  }

  private static boolean areHere() {
    ThreadGroup all = Thread.currentThread().getThreadGroup();
    while (all.getParent() != null) {
      all = all.getParent();
    }
    ThreadGroup[] groups = new ThreadGroup[all.activeGroupCount()];
    return Arrays.stream(groups, 0, all.enumerate(groups))
        .anyMatch(group -> group.getName().equals(THREADS) && group.activeCount() > 0);
  }

  /** How many numbers met a sum after the failure. */
  static int use() throws Exception {
    Configuration options = new Configuration();
    options.set(RestOptions.ADDRESS, "127.0.0.1");
    options.set(RestOptions.BIND_ADDRESS, "127.0.0.1");
    options.set(RestOptions.BIND_PORT, "0");
    options.set(WebOptions.SUBMIT_ENABLE, false);
    options.set(SecurityOptions.DELEGATION_TOKENS_ENABLED, false);
    options.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
    options.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ZERO);
    options.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, CHECKPOINTS);
    var env = StreamExecutionEnvironment.createLocalEnvironment(1, options);
    env.fromSequence(1, NUMBERS)
        .map(FlinkTasks::paced)
        .keyBy(number -> number % 2)
        .process(new FailsOnce())
        .rebalance()
        .sinkTo(new DiscardingSink<>());
    return env.execute("warm-up").<Integer>getAccumulatorResult(MET);
  }

  /** Before numbers leave the source's task, or a checkpoint would wait behind all of them. */
  private static Long paced(Long number) throws InterruptedException {
    Thread.sleep(EACH_MILLIS);
    return number;
  }

  private static final class FailsOnce extends KeyedProcessFunction<Long, Long, Long>
      implements CheckpointListener {
    private static final long serialVersionUID = 1L;
    private final IntCounter met = new IntCounter();
    private transient volatile boolean noted;

    @Override
    public void open(OpenContext context) {
      getRuntimeContext().addAccumulator(MET, met);
    }

    @Override
    public void processElement(Long number, Context context, Collector<Long> out) throws Exception {
      boolean first = getRuntimeContext().getTaskInfo().getAttemptNumber() == 0;
      if (first && noted) {
        throw new IllegalStateException("the warm-up's job fails once on purpose");
      }
      ValueState<Long> kept =
          getRuntimeContext().getState(new ValueStateDescriptor<>("sum", Long.class));
      Long sum = kept.value();
      if (!first && sum != null) {
        met.add(1);
      }
      kept.update(number + (sum == null ? 0 : sum));
      out.collect(number);
    }

    @Override
    public void notifyCheckpointComplete(long id) {
      noted = true;
    }
  }
}
