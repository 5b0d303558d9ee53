package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqlCommandTest {

  private static final String SCRIPT =
      """
      CREATE TABLE texts (body STRING) WITH ('connector' = 'datagen', 'number-of-rows' = '1');
      CREATE MODEL m INPUT (p STRING) OUTPUT (reply STRING) WITH ('provider' = 'millrace');
      SELECT * FROM ML_PREDICT(TABLE texts, MODEL m, DESCRIPTOR(body));
      """;

  @TempDir Path root;

  private final String before = System.getProperty("millrace.root");

  @BeforeEach
  void useNoCluster() {
    System.setProperty("millrace.root", root.toString());
  }

  @AfterEach
  void goBack() {
    System.setProperty("millrace.root", before);
  }

  /** Flink's own words are that it cannot create a provider, and the model's options. */
  @Test
  void run_modelThatCannotBeAsked_saysWhyInOneLine() throws Exception {
    String said = failed(SCRIPT);
    assertTrue(said.startsWith("millrace: output column reply, expected one of: answer"), said);
  }

  /** Flink's parser says all that might have been meant, in four thousand characters. */
  @Test
  void run_statementThatIsCutOff_saysWhere() throws Exception {
    String said = failed("SELECT");
    assertTrue(said.startsWith("millrace: Encountered \"<EOF>\" at line 1, column 6."), said);
    assertTrue(said.length() < 200, said);
  }

  @Test
  void run_scriptWithoutAStatement_saysSo() throws Exception {
    String said = last(Main.USAGE, "-- nothing yet\n");
    assertTrue(said.endsWith("script.sql holds no statement, expected some"), said);
  }

  /** What a script that cannot be run says last. */
  private String failed(String text) throws Exception {
    return last(Main.FAILED, text);
  }

  private String last(int expected, String text) throws Exception {
    Path script = Files.writeString(root.resolve("script.sql"), text);
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int status =
        Main.run(new PrintWriter(out, true), new PrintWriter(err, true), "sql", script.toString());
    assertEquals(expected, status);
    assertEquals("", out.toString());
    return err.toString().lines().reduce((earlier, later) -> later).orElse("");
  }
}
