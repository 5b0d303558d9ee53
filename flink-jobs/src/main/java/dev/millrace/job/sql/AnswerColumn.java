package dev.millrace.job.sql;

import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalType;
import org.jspecify.annotations.Nullable;

/** What a model's output may have as columns, by their names; null where there is nothing. */
@SuppressWarnings("ImmutableEnumChecker") // Flink's types and these functions never change
enum AnswerColumn {
  ANSWER("answer", DataTypes.STRING(), said(answer -> StringData.fromString(answer.text()))),
  ERROR("error", DataTypes.STRING(), answer -> StringData.fromString(answer.error())),
  RELEASE_ID("release_id", DataTypes.STRING(), answer -> StringData.fromString(answer.release())),
  BASE_ID("base_id", DataTypes.STRING(), answer -> StringData.fromString(answer.base())),
  DOMAIN("domain", DataTypes.STRING(), answer -> StringData.fromString(answer.domain())),
  LEARNED_TO("learned_to", DataTypes.STRING(), answer -> StringData.fromString(learned(answer))),
  ANSWERED_FROM(
      "answered_from", DataTypes.STRING(), answer -> StringData.fromString(answer.source())),
  TOKENS("tokens", DataTypes.INT(), said(Answer::tokens)),
  LOG_PROB("log_prob", DataTypes.DOUBLE(), said(Answer::logProb)),
  EMBEDDING(
      "embedding",
      DataTypes.ARRAY(DataTypes.FLOAT().notNull()),
      said(answer -> new GenericArrayData(answer.embedding())));

  private final String column;
  private final DataType type;
  private final Function<Answer, @Nullable Object> value;

  AnswerColumn(String column, DataType type, Function<Answer, @Nullable Object> value) {
    this.column = column;
    this.type = type;
    this.value = value;
  }

  /** The value in Flink's internal form. */
  @Nullable Object of(Answer answer) {
    return value.apply(answer);
  }

  /**
   * The columns of a model's output, in its order.
   *
   * @throws ValidationException if one is unknown or of another type
   */
  static List<AnswerColumn> of(ResolvedSchema output) {
    return output.getColumns().stream().map(AnswerColumn::of).toList();
  }

  private static AnswerColumn of(Column found) {
    for (AnswerColumn known : values()) {
      if (known.column.equals(found.getName())) {
        known.requireType(found.getDataType().getLogicalType());
        return known;
      }
    }
    throw new ValidationException(
        "output column %s, expected one of: %s"
            .formatted(
                found.getName(),
                Arrays.stream(values())
                    .map(known -> known.column + " " + known.type)
                    .collect(Collectors.joining(", "))));
  }

  private void requireType(LogicalType found) {
    LogicalType nullable = found.copy(true);
    if (!nullable.equals(type.getLogicalType())) {
      throw new ValidationException(
          "output column %s is %s, expected %s".formatted(column, found, type));
    }
  }

  /** What a model says, which it does not of a text that is refused. */
  private static Function<Answer, @Nullable Object> said(Function<Answer, Object> value) {
    return answer -> answer.error() == null ? value.apply(answer) : null;
  }

  private static String learned(Answer answer) {
    return answer.learnedTo().stream().map(AnswerColumn::place).collect(Collectors.joining(" "));
  }

  private static String place(Origin origin) {
    return origin.topic() + "/" + origin.partition() + ":" + origin.offset();
  }
}
