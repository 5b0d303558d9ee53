package dev.millrace.job.sql;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.functions.ScalarFunction;
import org.junit.jupiter.api.Test;

class SqlSessionTest {

  /** What a table may compute a column by. */
  public static final class Shout extends ScalarFunction {
    public String eval(String text) {
      return text + "!";
    }
  }

  @Test
  void run_whileATableComputesByAFunctionThatIsGone_stopsNoStatementThatDoesNotReadIt() {
    SqlSession session =
        new SqlSession(StreamExecutionEnvironment.createLocalEnvironment(1), said -> {});
    for (String statement :
        List.of(
            "CREATE TEMPORARY FUNCTION shout AS '%s'",
            "CREATE CATALOG elsewhere WITH ('type' = 'unresolved')",
            "CREATE TABLE elsewhere.`default`.mails (body STRING, loud AS shout(body)) WITH ('connector' = 'datagen')",
            "DROP TEMPORARY FUNCTION shout")) {
      var unused = session.run(statement.formatted(Shout.class.getName()));
    }
    assertTrue(session.run("SHOW TABLES").isPresent());
  }
}
