package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.cli.cluster.SqlCommand;
import dev.millrace.job.cli.options.Output;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class SqlCommandTest extends MovesHome {

  private static final String SCRIPT =
      """
      CREATE TABLE texts (body STRING) WITH ('connector' = 'datagen', 'number-of-rows' = '1');
      CREATE MODEL m INPUT (p STRING) OUTPUT (reply STRING) WITH ('provider' = 'millrace');
      SELECT * FROM ML_PREDICT(TABLE texts, MODEL m, DESCRIPTOR(body));
      """;

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

  /** Without the hints it would not end. */
  @Test
  @Timeout(300)
  void run_setOfStatementsWithHints_isOneJobWhoseHintsAreObeyed() throws Exception {
    String text =
        """
        CREATE TABLE ticks (n INT) WITH ('connector' = 'datagen', 'rows-per-second' = '100');
        CREATE TABLE hole (n INT) WITH ('connector' = 'blackhole');
        EXECUTE STATEMENT SET BEGIN
          INSERT INTO hole SELECT n FROM ticks /*+ OPTIONS('number-of-rows' = '1') */;
          INSERT INTO hole SELECT n + 1 FROM ticks /*+ OPTIONS('number-of-rows' = '2') */;
        END;
        """;
    String said = last(0, text);
    assertTrue(said.matches("job [0-9a-f]{32} runs here"), said);
  }

  /** It was taken for a query, and its job ended with the command. */
  @Test
  @Timeout(300)
  void run_insertInACatalogOfItsOwn_isAJobAndNoQuery() throws Exception {
    String text =
        """
        CREATE CATALOG own WITH ('type' = 'generic_in_memory');
        USE CATALOG own;
        CREATE TABLE hole (n INT) WITH ('connector' = 'blackhole');
        INSERT INTO hole VALUES (1);
        """;
    String said = last(0, text);
    assertTrue(said.matches("job [0-9a-f]{32} runs here"), said);
  }

  /** All were printed alike: what was counted before, and what it is now. */
  @Test
  @Timeout(300)
  void run_queryThatUpdates_saysOfEachRowWhatBecomesOfIt() throws Exception {
    String counts = "SELECT w, COUNT(*) AS n FROM (VALUES ('a'), ('a')) AS t (w) GROUP BY w;";
    assertEquals(List.of("op\tw\tn", "+I\ta\t1", "-U\ta\t1", "+U\ta\t2"), rows(counts));
    assertEquals(
        List.of(
            "{\"op\":\"+I\",\"w\":\"a\",\"n\":1}",
            "{\"op\":\"-U\",\"w\":\"a\",\"n\":1}",
            "{\"op\":\"+U\",\"w\":\"a\",\"n\":2}"),
        rows(counts, "--json"));
    assertEquals(List.of("w", "a"), rows("SELECT * FROM (VALUES ('a')) AS t (w);"));
  }

  /** They were what Java calls an array, and in JSON a failure. */
  @Test
  @Timeout(300)
  void run_valuesThatAreNoWords_arePrintedAsJsonHasThem() throws Exception {
    String query =
        """
        SELECT ARRAY[CAST(0.5 AS FLOAT), CAST(NULL AS FLOAT)] AS embedding, x'00ff' AS `raw`,
          CAST(ROW(1, 'b') AS ROW<a INT, b STRING>) AS nested, MAP['k', ARRAY[1]] AS m,
          TIMESTAMP '2026-12-01 20:15:00' AS asked, CAST(NULL AS INT) AS op;
        """;
    assertEquals(
        List.of(
            "embedding\traw\tnested\tm\tasked\top",
            "[0.5,null]\tAP8=\t{\"a\":1,\"b\":\"b\"}\t{\"k\":[1]}\t2026-12-01T20:15\tnull"),
        rows(query));
    assertEquals(
        List.of(
            "{\"embedding\":[0.5,null],\"raw\":\"AP8=\",\"nested\":{\"a\":1,\"b\":\"b\"},"
                + "\"m\":{\"k\":[1]},\"asked\":\"2026-12-01T20:15\",\"op\":null}"),
        rows(query, "--json"));
  }

  /** As in {@code | head -1}: it printed on, for ever. */
  @Test
  @Timeout(300)
  void run_queryWithoutEndWhoseReaderLeaves_ends() throws Exception {
    String endless =
        """
        CREATE TABLE ticks (n INT) WITH ('connector' = 'datagen', 'rows-per-second' = '100');
        SELECT n FROM ticks;
        """;
    String said = last(Main.BROKEN_PIPE, endless, new ResultWriter(new Reader(4)));
    assertEquals("SELECT n FROM ticks …", said);
  }

  /** Flink's client went on asking for minutes, without a word. */
  @Test
  void run_nobodyAnswersAtTheUrl_saysSo() throws Exception {
    String said =
        last(
            Output.FAILED,
            "SELECT 1;",
            new PrintWriter(new StringWriter(), true),
            "--rest",
            "http://127.0.0.1:1");
    assertTrue(said.startsWith("millrace: no Flink cluster answers at http://127.0.0.1:1,"), said);
  }

  @Test
  void environment_urlWithoutAPort_hasThatOfItsScheme() throws Exception {
    String jar = Test.class.getProtectionDomain().getCodeSource().getLocation().getPath();
    StreamExecutionEnvironment env =
        SqlCommand.environment(URI.create("http://flink.example"), new Configuration(), jar);
    assertEquals(80, env.getConfiguration().get(RestOptions.PORT));
  }

  /** What a script prints. */
  private List<String> rows(String text, String... more) throws Exception {
    StringWriter out = new StringWriter();
    String last = last(0, text, new PrintWriter(out, true), more);
    assertTrue(last.endsWith(" …"), last);
    return out.toString().lines().toList();
  }

  /** What a script that cannot be run says last. */
  private String failed(String text) throws Exception {
    return last(Output.FAILED, text);
  }

  /** What a script that prints no row says last. */
  private String last(int expected, String text) throws Exception {
    StringWriter out = new StringWriter();
    String last = last(expected, text, new PrintWriter(out, true));
    assertEquals("", out.toString());
    return last;
  }

  private String last(int expected, String text, PrintWriter out, String... more) throws Exception {
    Path script = Files.writeString(root.resolve("script.sql"), text);
    List<String> words = new ArrayList<>(List.of("sql", script.toString()));
    words.addAll(List.of(more));
    StringWriter err = new StringWriter();
    int status = Main.run(out, new PrintWriter(err, true), words.toArray(String[]::new));
    assertEquals(expected, status, err::toString);
    return err.toString().lines().reduce((earlier, later) -> later).orElse("");
  }

  /** Takes so many lines, then leaves. */
  private static final class Reader extends OutputStream {
    private int left;

    Reader(int lines) {
      left = lines;
    }

    @Override
    public void write(int b) throws IOException {
      if (left == 0) {
        throw new IOException("Broken pipe");
      }
      left -= b == '\n' ? 1 : 0;
    }
  }
}
