package dev.millrace.job.operator.learn;

import dev.millrace.adapter.exchange.Call;
import dev.millrace.adapter.exchange.Order;
import dev.millrace.adapter.exchange.Trainee;
import dev.millrace.adapter.exchange.Update;
import dev.millrace.job.operator.Courtesy;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.Opener;
import dev.millrace.job.operator.Worker;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.IOUtils;
import org.jspecify.annotations.Nullable;

/** One trainer of each process: takes the steps it is told to, beside the task's thread. */
@SuppressWarnings("NullAway.Init") // open sets the transient fields
final class TrainOperator extends AbstractStreamOperator<Update>
    implements OneInputStreamOperator<Order, Update> {

  private final Opener<Trainee.Means> means;
  private final int index;
  private final Courtesy courtesy;
  private final Worker worker;

  /** The newest lesson that each learn subtask has asked for; older ones are given up. */
  private final Map<Integer, Long> newest = new ConcurrentHashMap<>();

  private transient @Nullable Opened<Trainee.Means> opened;
  private transient Trainee trainee;

  TrainOperator(
      StreamOperatorParameters<Update> parameters,
      Opener<Trainee.Means> means,
      int index,
      Courtesy courtesy) {
    super(parameters);
    this.means = means;
    this.index = index;
    this.courtesy = courtesy;
    this.worker =
        new Worker(
            "train", getUserCodeClassloader(), parameters.getMailboxExecutor(), courtesy::adopt);
  }

  @Override
  public void open() throws Exception {
    super.open();
    opened = means.open(getRuntimeContext().getTaskInfo().getIndexOfThisSubtask());
    trainee = new Trainee(opened.value(), index);
  }

  @Override
  public void processElement(StreamRecord<Order> element) {
    Order order = element.getValue();
    newest.put(order.call().learner(), order.call().number());
    Trainee.@Nullable Work work = trainee.take(order);
    if (work == null) {
      emit(trainee.done(order, null));
      return;
    }
    worker.submit(
        work.name(),
        () -> run(work, order.call()),
        taken -> taken.ifPresent(done -> emit(trainee.done(order, done))));
  }

  /** Runs on the worker's thread; empty if its lesson was given up. */
  private Optional<Trainee.Taken> run(Trainee.Work work, Call call) {
    try {
      return Optional.of(work.run(courtesy.governor(() -> !worker.isClosing() && isNewest(call))));
    } catch (CancellationException e) {
      if (isNewest(call)) {
        throw e;
      }
      return Optional.empty();
    }
  }

  private boolean isNewest(Call call) {
    return newest.getOrDefault(call.learner(), -1L) == call.number();
  }

  private void emit(@Nullable Update update) {
    if (update != null) {
      output.collect(new StreamRecord<>(update));
    }
  }

  @Override
  public void close() throws Exception {
    IOUtils.closeAll(worker, super::close, opened);
  }
}
