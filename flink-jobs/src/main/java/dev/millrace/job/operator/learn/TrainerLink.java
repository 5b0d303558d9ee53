package dev.millrace.job.operator.learn;

import dev.millrace.adapter.exchange.Call;
import dev.millrace.adapter.exchange.Order;
import dev.millrace.adapter.exchange.Processes;
import dev.millrace.adapter.exchange.Report;
import dev.millrace.adapter.train.Governor;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.jspecify.annotations.Nullable;

/**
 * A learn subtask's way to its trainers and back: orders leave as records of the task, reports come
 * from the end of the same stream, which runs in the same process. Nothing of it is state: a
 * restored subtask learns its lesson again from the beginning.
 */
final class TrainerLink implements Processes {
  private static final long LOOK_MILLIS = 100;

  private final MailboxExecutor mailbox;
  private final int subtask;
  private final int learners;
  private final long patienceMillis;
  private final Consumer<Order> out;
  private final BlockingQueue<Report> come = new LinkedBlockingQueue<>();
  private long calls;

  /**
   * @param learners subtasks of the learn step, which share the trainers
   * @param out is given orders on the task's thread
   */
  TrainerLink(
      MailboxExecutor mailbox,
      int subtask,
      int learners,
      long patienceMillis,
      Consumer<Order> out) {
    this.mailbox = mailbox;
    this.subtask = subtask;
    this.learners = learners;
    this.patienceMillis = patienceMillis;
    this.out = out;
  }

  @Override
  public Call next() {
    return new Call(subtask, ++calls);
  }

  @Override
  public int learners() {
    return learners;
  }

  @Override
  public List<Report> round(List<Order> orders, Governor governor) {
    send(orders);
    @Nullable Report[] reports = new Report[orders.size()];
    long patience = TimeUnit.MILLISECONDS.toNanos(patienceMillis);
    long start = System.nanoTime();
    int left = reports.length;
    while (left > 0) {
      if (!governor.proceed()) {
        throw new CancellationException("training given up by its governor");
      }
      Report report = poll();
      if (report != null && isOf(report, orders.get(0))) {
        reports[report.process()] = report;
        left--;
      } else if (System.nanoTime() - start > patience) {
        throw late(reports, orders.get(0));
      }
    }
    return IntStream.range(0, reports.length)
        .mapToObj(process -> Objects.requireNonNull(reports[process]))
        .toList();
  }

  /**
   * Waits for nobody. Trainers compare before they let a checkpoint pass that comes behind the
   * orders, and what the lesson led to is not committed before that checkpoint.
   */
  @Override
  public void end(List<Order> orders) {
    send(orders);
  }

  private void send(List<Order> orders) {
    try {
      mailbox.execute(() -> orders.forEach(out), "orders to trainers");
    } catch (RejectedExecutionException e) {
      throw (CancellationException) new CancellationException("the task has ended").initCause(e);
    }
  }

  private @Nullable Report poll() {
    try {
      return come.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (CancellationException) new CancellationException("interrupted").initCause(e);
    }
  }

  /** Reports of a lesson that was given up, and of the last round of one, may come later. */
  private static boolean isOf(Report report, Order order) {
    return report.call().equals(order.call()) && report.round() == order.round();
  }

  private IllegalStateException late(@Nullable Report[] reports, Order order) {
    List<Integer> missing =
        IntStream.range(0, reports.length).filter(p -> reports[p] == null).boxed().toList();
    return new IllegalStateException(
        "no report from processes %s in round %d of a lesson of %s after %d ms, expected one of each"
            .formatted(missing, order.round(), order.domain(), patienceMillis));
  }

  /** A report has come. */
  void deliver(Report report) {
    come.add(report);
  }
}
