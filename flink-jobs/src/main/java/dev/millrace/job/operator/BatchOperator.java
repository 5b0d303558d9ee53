package dev.millrace.job.operator;

import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.KeyedProcessOperator;
import org.apache.flink.streaming.api.watermark.Watermark;

/**
 * Gathers batches, and closes those that are open when the input ends. The last watermark of a
 * source would do so too, but Flink drops it where the source was idle before it ended.
 */
public final class BatchOperator extends KeyedProcessOperator<String, ScoredSample, TrainingBatch>
    implements BoundedOneInput {

  private static final long serialVersionUID = 1;

  public BatchOperator(BatchFunction function) {
    super(function);
  }

  @Override
  public void endInput() throws Exception {
    processWatermark(Watermark.MAX_WATERMARK);
  }
}
