package dev.millrace.job.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.millrace.job.StreamRecords;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Request;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AnswerColumnTest {

  /** Log-probability 0 would be that of a certain text. */
  @Test
  void of_refusedText_hasTheReasonAndNothingThatAModelSays() {
    for (AnswerColumn column : AnswerColumn.values()) {
      boolean said = List.of("ANSWER", "TOKENS", "LOG_PROB", "EMBEDDING").contains(column.name());
      assertEquals(said, column.of(answer("too-long: 9")) == null, column.name());
    }
    assertNull(AnswerColumn.ERROR.of(answer(null)));
    assertNotNull(AnswerColumn.LOG_PROB.of(answer(null)));
  }

  private static Answer answer(@Nullable String error) {
    return StreamRecords.answer(
        Request.builder("q", Request.Task.SCORE, "p").domain("d").build(), error, "text", "r");
  }
}
