package dev.millrace.job.sql;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code CREATE MODEL} takes; nothing is opened before a job runs. */
class MillraceModelFactoryTest {

  private static TableEnvironment tables;

  @BeforeAll
  static void open() {
    tables = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
    tables.executeSql(
        "CREATE TABLE texts (body STRING, n INT) WITH ('connector' = 'datagen', 'number-of-rows' = '1')");
  }

  @Test
  void explain_modelOfThisProvider_isAskedAsynchronously() {
    String plan = plan("p STRING", "answer STRING, tokens INT", "'domain' = 'legal'");
    assertTrue(plan.contains("MLPredict"), plan);
    assertTrue(plan.contains("release_id") || plan.contains("answer"), plan);
  }

  @Test
  void explain_everyColumnThereIs_isTaken() {
    String all =
        "answer STRING, error STRING, release_id STRING, base_id STRING, `domain` STRING,"
            + " learned_to STRING, answered_from STRING, tokens INT, log_prob DOUBLE,"
            + " embedding ARRAY<FLOAT NOT NULL>";
    assertTrue(plan("p STRING", all, "'task' = 'EMBED'").contains("embedding"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "p INT    | answer STRING  | 'domain' = 'a'            | expected one column of type STRING",
        "p STRING | reply STRING   | 'domain' = 'a'            | output column reply, expected one of",
        "p STRING | answer INT     | 'domain' = 'a'            | output column answer is INT, expected STRING",
        "p STRING | answer STRING  | 'domian' = 'a'            | domian",
        "p STRING | answer STRING  | 'kafka.bootstap' = 'a:1'  | did you mean kafka.bootstrap",
        "p STRING | answer STRING  | 'max-tokens' = '-1'       | bad-max-tokens",
        "p STRING | answer STRING  | 'temperature' = '9'       | bad-temperature",
        "p STRING | answer STRING  | 'learn.seed' = '1'        | learn.seed",
        "p STRING | answer STRING  | 'redis.uri' = 'nowhere'   | redis.uri is"
      })
  void explain_whatCannotBeUsed_saysWhatWasExpected(
      String input, String output, String options, String says) {
    String column = input.endsWith("INT") ? "n" : "body";
    var e = assertThrows(RuntimeException.class, () -> plan(input, output, options, column));
    String all =
        Stream.iterate((Throwable) e, t -> t != null, Throwable::getCause)
            .map(Throwable::toString)
            .collect(Collectors.joining("\n"));
    assertTrue(all.contains(says), all);
  }

  private static String plan(String input, String output, String options) {
    return plan(input, output, options, "body");
  }

  private static String plan(String input, String output, String options, String column) {
    tables.executeSql("DROP MODEL IF EXISTS m");
    tables.executeSql(
        "CREATE MODEL m INPUT (%s) OUTPUT (%s) WITH ('provider' = 'millrace', %s)"
            .formatted(input, output, options));
    return tables.explainSql(
        "SELECT * FROM ML_PREDICT(TABLE texts, MODEL m, DESCRIPTOR(%s))".formatted(column));
  }
}
