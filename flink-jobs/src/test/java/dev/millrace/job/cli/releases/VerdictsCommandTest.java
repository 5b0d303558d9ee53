package dev.millrace.job.cli.releases;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.job.cli.options.Output;
import dev.millrace.schema.Origin;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class VerdictsCommandTest {

  @Test
  void table_refusedAndPassed_showsEveryRulesFigures() {
    RuleResult finite = new RuleResult("finite", true, "", new TreeMap<>(Map.of("broken", 0.0)));
    RuleResult parity =
        new RuleResult(
            "train-serve-parity", false, "too far", new TreeMap<>(Map.of("a", 0.5, "b", 12.0)));
    assertEquals(
        """
        domain            batch  verdict  release       samples
        java                  3  passed   0123456789ab       32
          finite                 ok  broken 0
        java                  4  refused  -                  30
          train-serve-parity     NO  a 0.50000, b 12  too far""",
        VerdictsCommand.table(
            List.of(
                verdict(3, "0123456789abcdef", List.of(finite), 32),
                verdict(4, null, List.of(parity), 30))));
  }

  /** Both stood under one name. */
  @Test
  void table_domainOfATenant_isNotTheSharedOneOfItsName() {
    Verdict verdict =
        new Verdict(
            "acme", "java", 3, "0123456789abcdef", null, true, List.of(), 32, 0, 0, List.of());
    assertEquals(
        "acme/java             3  passed   0123456789ab       32",
        VerdictsCommand.table(List.of(verdict)).lines().toList().get(1));
  }

  /** What the sources ask of a verdict became one of its fields. */
  @Test
  void json_ofAVerdict_hasItsFields() throws Exception {
    JsonNode json = new ObjectMapper().readTree(Output.toLine(verdict(3, "r", List.of(), 32)));
    List<String> fields = new ArrayList<>();
    json.fieldNames().forEachRemaining(fields::add);
    assertEquals(
        "tenant domain batch release parent accepted rules samples tokens trainMillis qualities"
            + " kind ofAlignment",
        String.join(" ", fields));
  }

  @Test
  void origin_inAMessage_isAPlaceOnATopic() {
    assertEquals("millrace.verdicts-0@17", new Origin("millrace.verdicts", 0, 17).toString());
  }

  private static Verdict verdict(long batch, String release, List<RuleResult> rules, int samples) {
    return new Verdict(
        null, "java", batch, release, null, release != null, rules, samples, 0, 0, List.of());
  }
}
