package dev.millrace.job.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.TableResult;
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

  /** Nobody listens at the port: whoever asks that broker waits for 30 s, and fails. */
  @Test
  void run_brokerOfATableAway_stopsNoStatementThatDoesNotReadIt() throws Exception {
    List<String> said = new ArrayList<>();
    SqlSession session =
        new SqlSession(StreamExecutionEnvironment.createLocalEnvironment(1), said::add);
    for (String statement :
        List.of(
            "CREATE TABLE away (body STRING) WITH ('connector' = 'kafka', 'topic' = 'away', 'format' = 'json', 'properties.bootstrap.servers' = '127.0.0.1:1')",
            "SHOW TABLES",
            "SELECT * FROM (VALUES (1)) AS far_away (n)",
            "DROP TABLE away",
            "SHOW TABLES")) {
      TableResult result = session.run(statement).orElseThrow();
      result.collect().close();
    }
    assertEquals(List.of(), said);
  }
}
