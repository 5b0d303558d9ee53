package dev.millrace.job.sql;

import dev.millrace.job.Openers;
import dev.millrace.job.config.MillraceConfig;
import java.util.List;
import org.apache.flink.table.functions.AsyncPredictFunction;
import org.apache.flink.table.ml.AsyncPredictRuntimeProvider;
import org.apache.flink.table.ml.ModelProvider;

/** A model of the catalog; its rows run together in one batch, so it is asked asynchronously. */
record MillraceModel(MillraceConfig config, Question question, List<AnswerColumn> columns)
    implements AsyncPredictRuntimeProvider {

  @Override
  public AsyncPredictFunction createAsyncPredictFunction(ModelProvider.Context context) {
    return new AskFunction(Openers.serving(config), config.kafka(), question, columns);
  }

  @Override
  public ModelProvider copy() {
    return this;
  }
}
