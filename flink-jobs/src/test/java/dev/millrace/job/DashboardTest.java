package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The dashboard and the alerts speak of metrics that there are. */
class DashboardTest {

  private static final Path DOCKER = Path.of(System.getProperty("millrace.root"), "docker");
  private static final Pattern NAME = Pattern.compile("\\bflink_\\w+");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

  @Test
  void dashboard_expressions_nameAllOfOursAndNothingUnknown() throws IOException {
    Set<String> named = new TreeSet<>();
    for (JsonNode expression : dashboard().findValues("expr")) {
      named.addAll(names(expression.asText()));
    }
    MetricTable table = MetricTable.read();
    assertEquals(Set.of(), unknown(named, table));
    Set<String> unseen = new TreeSet<>(table.ours());
    unseen.removeAll(named);
    assertEquals(Set.of(), unseen, "metrics that no panel shows");
  }

  /** Each subtask of a process shows the same: whoever adds these up counts it as often. */
  @Test
  void dashboard_figuresOfTheProcess_areAddedUpByProcess() throws IOException {
    Pattern ofTheProcess = Pattern.compile(MetricTable.OURS + "(cache|semantic)_");
    for (JsonNode shown : dashboard().findValues("expr")) {
      String expression = shown.asText();
      if (ofTheProcess.matcher(expression).find() && expression.startsWith("sum(")) {
        assertTrue(expression.startsWith("sum(max by (tm_id) ("), expression);
      }
    }
  }

  @Test
  void alerts_expressions_nameNothingUnknown() throws IOException {
    List<JsonNode> expressions = alerts().findValues("expr");
    assertTrue(expressions.size() >= 10, expressions.size() + " alerts");
    MetricTable table = MetricTable.read();
    for (JsonNode expression : expressions) {
      assertEquals(Set.of(), unknown(names(expression.asText()), table), expression.asText());
    }
  }

  @Test
  void alerts_allOfThem_areShownFiringInTheirUnitTest() throws IOException {
    Set<String> alerts = new TreeSet<>();
    alerts().findValues("alert").forEach(alert -> alerts.add(alert.asText()));
    Set<String> tested = new TreeSet<>();
    JsonNode tests = YAML.readTree(DOCKER.resolve("prometheus/alerts.test.yml").toFile());
    for (JsonNode test : tests.findValues("alert_rule_test")) {
      for (JsonNode one : test) {
        if (!one.path("exp_alerts").isEmpty()) {
          tested.add(one.path("alertname").asText());
        }
      }
    }
    assertEquals(alerts, tested);
  }

  @Test
  void prometheus_configuration_loadsTheAlerts() throws IOException {
    String configuration = Files.readString(DOCKER.resolve("prometheus/prometheus.yml"));
    assertEquals("alerts.yml", YAML.readTree(configuration).at("/rule_files/0").asText());
  }

  private static JsonNode dashboard() throws IOException {
    return JSON.readTree(DOCKER.resolve("grafana/dashboards/millrace.json").toFile());
  }

  private static JsonNode alerts() throws IOException {
    return YAML.readTree(DOCKER.resolve("prometheus/alerts.yml").toFile());
  }

  private static Set<String> names(String expression) {
    Set<String> names = new TreeSet<>();
    Matcher name = NAME.matcher(expression);
    while (name.find()) {
      names.add(name.group().replaceAll("_count$", ""));
    }
    return names;
  }

  private static Set<String> unknown(Set<String> named, MetricTable table) {
    Set<String> unknown = new TreeSet<>(named);
    unknown.removeAll(table.ours());
    unknown.removeAll(table.flinks());
    return unknown;
  }
}
