package dev.millrace.job.bench;

import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.report.Machine;
import dev.millrace.schema.wire.Counted;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What a benchmark found.
 *
 * @param date UTC, ISO 8601
 * @param machine with the load before the run
 * @param loadAfter average number of runnable processes over the last minute of the run
 */
public record BenchReport(
    String bench,
    String summary,
    String date,
    long seed,
    int rounds,
    double seconds,
    Machine machine,
    double loadAfter,
    List<Table> tables) {

  public String toMarkdown() {
    return heading() + tables.stream().map(Table::toMarkdown).collect(Collectors.joining("\n"));
  }

  /** One page, with the drawings that tables have. */
  public String toHtml() {
    return "<!doctype html>\n<meta charset=\"utf-8\">\n<title>bench "
        + bench
        + "</title>\n<pre>"
        + heading().replace("&", "&amp;").replace("<", "&lt;")
        + "</pre>\n"
        + tables.stream().map(Table::toHtml).collect(Collectors.joining("\n"));
  }

  private String heading() {
    String repeated = Counted.of(rounds, "round", "rounds");
    return "## bench %s: %s%n%n%s UTC, seed %d, %s, %.0f s. %s%n%n"
        .formatted(bench, summary, date, seed, repeated, seconds, machineLine());
  }

  private String machineLine() {
    return "Machine: %s, %d cores, %.1f GiB, Java %s; load %.1f before, %.1f after."
        .formatted(
            Processor.name(),
            machine.cores(),
            machine.memory() / (double) (1 << 30),
            machine.java(),
            machine.load(),
            loadAfter);
  }
}
