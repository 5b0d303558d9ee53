package dev.millrace.adapter.exchange;

import dev.millrace.adapter.train.Governor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * All trainers of all processes here, one after the other: what a job with as many does, to the
 * bit.
 */
public final class LocalProcesses implements Processes {
  private final ExchangeConfig config;
  private final List<Trainee> trainees;
  private final Combiner combiner;
  private long calls;

  public LocalProcesses(Trainee.Means means, ExchangeConfig config) {
    this.config = config;
    trainees = IntStream.range(0, config.trainers()).mapToObj(t -> new Trainee(means, t)).toList();
    combiner = new Combiner(config.codec(), config.trainers());
  }

  /** States that all trainers of a process hold. */
  int held() {
    return trainees.stream().mapToInt(Trainee::held).sum();
  }

  @Override
  public Call next() {
    return new Call(0, ++calls);
  }

  @Override
  public List<Report> round(List<Order> orders, Governor governor) {
    List<Report> reports = new ArrayList<>();
    for (Order order : orders) {
      Report report = null;
      for (Trainee trainee : trainees) {
        report = combiner.take(update(trainee, order, governor));
      }
      reports.add(Objects.requireNonNull(report, () -> config + ": a round without a report"));
    }
    return reports;
  }

  private static Update update(Trainee trainee, Order order, Governor governor) {
    Trainee.@Nullable Work work = trainee.take(order);
    return Objects.requireNonNull(trainee.done(order, work == null ? null : work.run(governor)));
  }
}
