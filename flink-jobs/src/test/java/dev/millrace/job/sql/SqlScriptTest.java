package dev.millrace.job.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.job.config.MillraceConfig;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SqlScriptTest {

  @Test
  void parse_semicolonsInTextsNamesAndComments_endNoStatement() {
    String text =
        """
        -- first; a comment
        SELECT 'a;''b;' FROM `t;1` /* no; end
        here; */ WHERE "x;" = 1;

        SELECT 2
        """;
    assertEquals(
        List.of("SELECT 'a;''b;' FROM `t;1`   WHERE \"x;\" = 1", "SELECT 2"),
        SqlScript.parse(text, Map.of()).statements());
  }

  /** As Flink reads them: one between two words parts them, and two slashes begin one too. */
  @Test
  void parse_commentsAsFlinkHasThem_partWordsAndEndNoStatement() {
    String text =
        """
        SELECT/* a */n FROM t/* b */WHERE n > 1 // don't; not yet
          AND u = 'http://a';
        """;
    assertEquals(
        List.of("SELECT n FROM t WHERE n > 1 \n  AND u = 'http://a'"),
        SqlScript.parse(text, Map.of()).statements());
  }

  @Test
  void parse_hints_stay() {
    String text = "SELECT n FROM t /*+ OPTIONS('a;'='b') */ WHERE n > 1";
    assertEquals(List.of(text), SqlScript.parse(text + "; /* end */", Map.of()).statements());
  }

  @Test
  void parse_setOfStatements_isOne() {
    String set =
        """
        EXECUTE STATEMENT SET
        BEGIN
          INSERT INTO a SELECT CASE WHEN n > 1 THEN 1 ELSE 2 END;
          INSERT INTO b SELECT '; END' FROM t;
        END""";
    String text =
        set
            + ";\n/* next */ explain statement set begin INSERT INTO a SELECT 1; end ;SELECT 1;"
            + "compile plan 'p' for statement set begin INSERT INTO a SELECT 1; end";
    assertEquals(
        List.of(
            set,
            "explain statement set begin INSERT INTO a SELECT 1; end",
            "SELECT 1",
            "compile plan 'p' for statement set begin INSERT INTO a SELECT 1; end"),
        SqlScript.parse(text, Map.of()).statements());
  }

  @Test
  void parse_longText_isOnePiece() {
    String text = "SELECT '" + "it''s; ".repeat(100_000) + "'";
    assertEquals(List.of(text), SqlScript.parse(text, Map.of()).statements());
  }

  @Test
  void parse_onlyCommentsAndSemicolons_hasNoStatement() {
    assertEquals(List.of(), SqlScript.parse(" ; -- ${end}\n /* ; */ ;; ", Map.of()).statements());
  }

  @Test
  void parse_keyInBraces_isItsValueAsItStands() {
    assertEquals(
        List.of("SET 'a' = 'C:\\$1'"),
        SqlScript.parse("SET 'a' = '${base.dir}';", Map.of("base.dir", "C:\\$1")).statements());
  }

  /** As the configuration asks for where a secret would stand. */
  @Test
  void parse_variableOfTheEnvironment_staysAsItIs() {
    String set = "SET 'a' = '${env:TRUST_PASSWORD}'";
    assertEquals(List.of(set), SqlScript.parse(set, Map.of()).statements());
  }

  @ParameterizedTest
  @CsvSource({
    "kafka.bootstap, did you mean ${kafka.bootstrap}?",
    "topic, expected a key of docs/configuration.md"
  })
  void parse_unknownKey_namesTheOneThatItIsNearTo(String key, String meant) {
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> SqlScript.parse("${" + key + "}", MillraceConfig.defaults().toMap()));
    assertEquals("${" + key + "} has no value, " + meant, e.getMessage());
  }
}
