package dev.millrace.job;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code docs/metrics.md} promises, by full names.
 *
 * @param ours all there are
 * @param flinks some of Flink's
 */
record MetricTable(Set<String> ours, Set<String> flinks) {

  static final String OURS = "flink_taskmanager_job_task_operator_millrace_";

  private static final Pattern ROW = Pattern.compile("(?m)^\\| `(\\w+)` \\|");

  static MetricTable read() throws IOException {
    Set<String> ours = new TreeSet<>();
    Set<String> flinks = new TreeSet<>();
    Matcher row =
        ROW.matcher(
            Files.readString(Path.of(System.getProperty("millrace.root"), "docs", "metrics.md")));
    while (row.find()) {
      String name = row.group(1);
      if (name.startsWith("flink_")) {
        flinks.add(name);
      } else if (!name.startsWith("millrace_gateway_")) { // MeterTest has those
        ours.add(OURS + name);
      }
    }
    return new MetricTable(ours, flinks);
  }
}
