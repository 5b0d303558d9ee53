package dev.millrace.job.operator.serve;

import dev.millrace.job.config.ServeConfig;
import dev.millrace.job.operator.KeyedAnswer;
import dev.millrace.job.operator.KeyedRequest;
import dev.millrace.job.operator.Opener;
import dev.millrace.schema.ReleaseEvent;
import java.util.List;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.operators.coordination.OperatorCoordinator;
import org.apache.flink.streaming.api.operators.AbstractStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.CoordinatedOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.api.operators.TwoInputStreamOperatorFactory;

/** Builds the operator that answers requests by the releases it has been told of. */
public class ServeOperatorFactory extends AbstractStreamOperatorFactory<KeyedAnswer>
    implements TwoInputStreamOperatorFactory<KeyedRequest, ReleaseEvent, KeyedAnswer> {

  private final Opener<Serving> servings;
  private final ServeConfig config;
  private final Beginning beginning;

  private ServeOperatorFactory(Opener<Serving> servings, ServeConfig config, Beginning beginning) {
    this.servings = servings;
    this.config = config;
    this.beginning = beginning;
  }

  /** The same of subtasks that begin without releases. */
  public static ServeOperatorFactory of(Opener<Serving> servings, ServeConfig config) {
    return of(servings, config, List::of);
  }

  /**
   * A factory of subtasks that follow releases as configured: each for itself, or all together.
   *
   * @param beginning what a subtask without state follows before it answers
   */
  public static ServeOperatorFactory of(
      Opener<Serving> servings, ServeConfig config, Beginning beginning) {
    return config.activation() == ServeConfig.Activation.TOGETHER
        ? new Together(servings, config, beginning)
        : new ServeOperatorFactory(servings, config, beginning);
  }

  /** The same beside a coordinator in the job's master. */
  private static final class Together extends ServeOperatorFactory
      implements CoordinatedOperatorFactory<KeyedAnswer> {

    Together(Opener<Serving> servings, ServeConfig config, Beginning beginning) {
      super(servings, config, beginning);
    }

    @Override
    public OperatorCoordinator.Provider getCoordinatorProvider(String name, OperatorID operator) {
      return new ActivationCoordinator.Maker(operator);
    }
  }

  @Override
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // Flink's signature
  public <T extends StreamOperator<KeyedAnswer>> T createStreamOperator(
      StreamOperatorParameters<KeyedAnswer> parameters) {
    return (T) new ServeOperator(parameters, servings, config, beginning);
  }

  @Override
  @SuppressWarnings("rawtypes")
  public Class<? extends StreamOperator> getStreamOperatorClass(ClassLoader classLoader) {
    return ServeOperator.class;
  }
}
