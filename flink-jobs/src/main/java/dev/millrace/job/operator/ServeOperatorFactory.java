package dev.millrace.job.operator;

import dev.millrace.job.config.ServeConfig;
import dev.millrace.schema.ReleaseEvent;
import org.apache.flink.streaming.api.operators.AbstractStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.api.operators.TwoInputStreamOperatorFactory;

/** Builds the operator that answers requests by the releases it has been told of. */
public final class ServeOperatorFactory extends AbstractStreamOperatorFactory<KeyedAnswer>
    implements TwoInputStreamOperatorFactory<KeyedRequest, ReleaseEvent, KeyedAnswer> {

  private final Opener<Serving> servings;
  private final ServeConfig config;

  public ServeOperatorFactory(Opener<Serving> servings, ServeConfig config) {
    this.servings = servings;
    this.config = config;
  }

  @Override
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // Flink's signature
  public <T extends StreamOperator<KeyedAnswer>> T createStreamOperator(
      StreamOperatorParameters<KeyedAnswer> parameters) {
    return (T) new ServeOperator(parameters, servings, config);
  }

  @Override
  @SuppressWarnings("rawtypes")
  public Class<? extends StreamOperator> getStreamOperatorClass(ClassLoader classLoader) {
    return ServeOperator.class;
  }
}
