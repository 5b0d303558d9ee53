package dev.millrace.job.sql;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.Opener;
import dev.millrace.job.operator.serve.Serving;
import dev.millrace.schema.Answer;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.functions.AsyncPredictFunction;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.util.FlinkRuntimeException;
import org.apache.flink.util.IOUtils;
import org.jspecify.annotations.Nullable;

/**
 * A text to an answer, a row each. A text that cannot be answered has its reason in the column
 * {@code error}; where there is none, it fails the query. Public for the code that Flink generates.
 */
@SuppressWarnings("NullAway.Init") // open sets the transient fields
public final class AskFunction extends AsyncPredictFunction {

  private static final long serialVersionUID = 1;

  private final Opener<Serving> servings;
  private final KafkaConfig kafka;
  private final Question question;
  private final List<AnswerColumn> columns;

  private transient @Nullable Opened<Serving> opened;
  private transient @Nullable LocalServing local;
  private transient InstantSource clock;
  private transient long asked;

  AskFunction(
      Opener<Serving> servings, KafkaConfig kafka, Question question, List<AnswerColumn> columns) {
    this.servings = servings;
    this.kafka = kafka;
    this.question = question;
    this.columns = columns;
  }

  @Override
  public void open(FunctionContext context) throws Exception {
    clock = InstantSource.system();
    opened = servings.open(context.getTaskInfo().getIndexOfThisSubtask());
    local = LocalServing.start(opened.value(), kafka, context.getUserCodeClassLoader(), clock);
  }

  @Override
  public CompletableFuture<Collection<RowData>> asyncPredict(RowData input) {
    LocalServing serving = local;
    if (serving == null) {
      throw new IllegalStateException("asked before it was opened");
    }
    String prompt = input.isNullAt(0) ? "" : input.getString(0).toString();
    return serving
        .ask(question.about("sql-" + asked++, prompt, clock.millis()))
        .thenApply(this::row);
  }

  private Collection<RowData> row(Answer answer) {
    if (answer.error() != null && !columns.contains(AnswerColumn.ERROR)) {
      throw new FlinkRuntimeException(
          answer.error() + "; a column error STRING in the model's OUTPUT would take the reason");
    }
    return List.of(GenericRowData.of(columns.stream().map(c -> c.of(answer)).toArray()));
  }

  /** A release may follow between two rows. */
  @Override
  public boolean isDeterministic() {
    return false;
  }

  @Override
  public void close() throws Exception {
    IOUtils.closeAll(local, opened);
  }
}
