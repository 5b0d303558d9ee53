package dev.millrace.job.operator.learn;

import dev.millrace.adapter.exchange.Order;
import dev.millrace.adapter.exchange.Trainee;
import dev.millrace.adapter.exchange.Update;
import dev.millrace.job.operator.Courtesy;
import dev.millrace.job.operator.Opener;
import org.apache.flink.streaming.api.operators.AbstractStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.OneInputStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;

/** Builds the operator that is one trainer of each process. */
public final class TrainOperatorFactory extends AbstractStreamOperatorFactory<Update>
    implements OneInputStreamOperatorFactory<Order, Update> {

  private final Opener<Trainee.Means> means;
  private final int index;
  private final Courtesy courtesy;

  /**
   * @param index among the trainers of a process
   */
  public TrainOperatorFactory(Opener<Trainee.Means> means, int index, Courtesy courtesy) {
    this.means = means;
    this.index = index;
    this.courtesy = courtesy;
  }

  @Override
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // Flink's signature
  public <T extends StreamOperator<Update>> T createStreamOperator(
      StreamOperatorParameters<Update> parameters) {
    return (T) new TrainOperator(parameters, means, index, courtesy);
  }

  @Override
  @SuppressWarnings("rawtypes")
  public Class<? extends StreamOperator> getStreamOperatorClass(ClassLoader classLoader) {
    return TrainOperator.class;
  }
}
