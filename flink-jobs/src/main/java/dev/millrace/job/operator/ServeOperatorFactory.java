package dev.millrace.job.operator;

import dev.millrace.schema.Answer;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import org.apache.flink.streaming.api.operators.AbstractStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.api.operators.TwoInputStreamOperatorFactory;

/** Builds the operator that answers requests by the releases it has been told of. */
public final class ServeOperatorFactory extends AbstractStreamOperatorFactory<Answer>
    implements TwoInputStreamOperatorFactory<Request, ReleaseEvent, Answer> {

  private final Opener<Serving> servings;
  private final MicroBatching batching;

  public ServeOperatorFactory(Opener<Serving> servings, MicroBatching batching) {
    this.servings = servings;
    this.batching = batching;
  }

  @Override
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // Flink's signature
  public <T extends StreamOperator<Answer>> T createStreamOperator(
      StreamOperatorParameters<Answer> parameters) {
    return (T) new ServeOperator(parameters, servings, batching);
  }

  @Override
  @SuppressWarnings("rawtypes")
  public Class<? extends StreamOperator> getStreamOperatorClass(ClassLoader classLoader) {
    return ServeOperator.class;
  }
}
