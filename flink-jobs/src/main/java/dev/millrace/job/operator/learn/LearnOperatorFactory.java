package dev.millrace.job.operator.learn;

import dev.millrace.job.operator.Courtesy;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.TrainingBatch;
import dev.millrace.schema.Verdict;
import org.apache.flink.streaming.api.operators.AbstractStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.api.operators.TwoInputStreamOperatorFactory;

/**
 * Builds the operator that learns batches and obeys release events, both keyed by domain, beside
 * the task's thread.
 */
public final class LearnOperatorFactory extends AbstractStreamOperatorFactory<Verdict>
    implements TwoInputStreamOperatorFactory<TrainingBatch, ReleaseEvent, Verdict> {

  private final LearnerOpener learners;
  private final int maxPending;
  private final long submitted;
  private final Courtesy courtesy;
  private final long patienceMillis;

  /**
   * @param maxPending how many batches may wait in a subtask before its input has to wait too
   * @param submitted when the job was, epoch milliseconds: a trainer of the same domain that was
   *     submitted later makes it fail
   * @param courtesy how it gives way to answers
   * @param patienceMillis how long trainers may take for a round
   */
  public LearnOperatorFactory(
      LearnerOpener learners,
      int maxPending,
      long submitted,
      Courtesy courtesy,
      long patienceMillis) {
    this.courtesy = courtesy;
    this.patienceMillis = patienceMillis;
    this.learners = learners;
    this.maxPending = maxPending;
    this.submitted = submitted;
  }

  @Override
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // Flink's signature
  public <T extends StreamOperator<Verdict>> T createStreamOperator(
      StreamOperatorParameters<Verdict> parameters) {
    return (T)
        new LearnOperator(parameters, learners, maxPending, submitted, courtesy, patienceMillis);
  }

  @Override
  @SuppressWarnings("rawtypes")
  public Class<? extends StreamOperator> getStreamOperatorClass(ClassLoader classLoader) {
    return LearnOperator.class;
  }
}
