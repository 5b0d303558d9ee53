package dev.millrace.job.bench.learn;

import dev.millrace.job.bench.measure.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** What pupils kept, as tables. */
record ContinualTables(List<Subject> subjects, double[] base, Map<Pupil, Retention> kept) {

  /**
   * One row a pupil.
   *
   * @param remembered samples that the one with replay may keep
   */
  Table summary(int remembered) {
    Table table =
        Table.of(
            "After the course, over " + subjects.size() + " domains",
            "learned by | average | gain | of the gain at once % | backward transfer % | worst forgetting % | of | forward transfer %");
    double joint = kept.values().stream().reduce((a, b) -> b).orElseThrow().gain();
    table.row("nobody: the base", mean(base), 0.0, 0.0, 0.0, 0.0, "", 0.0);
    kept.forEach(
        (pupil, retention) -> {
          boolean once = retention.bits().stream().distinct().count() == 1;
          int worst = retention.worst();
          table.row(
              pupil.name(),
              retention.average(),
              retention.gain(),
              percent(retention.gain() / joint),
              once ? "" : percent(retention.backwardTransfer()),
              once ? "" : percent(retention.forgetting(worst)),
              once ? "" : subjects.get(worst).domain(),
              once ? "" : percent(retention.forwardTransfer()));
        });
    return table
        .note("Average and gain are bits per byte of unseen documents, on the weights that serve.")
        .note(
            "Backward transfer: mean change since a domain was last taught. Worst forgetting: how much"
                + " worse the worst domain ends than its best since it was first taught. Forward"
                + " transfer: mean gain on the base before a domain is first taught.")
        .note("Replay keeps " + remembered + " samples, 1 % of what is taught.");
  }

  /** One table a pupil: a row for what was just taught, a column for what is measured. */
  List<Table> matrices() {
    List<Table> tables = new ArrayList<>();
    kept.forEach((pupil, retention) -> tables.add(matrix(pupil.name(), subjects, retention)));
    return tables.subList(0, tables.size() - 1);
  }

  static Table matrix(String name, List<Subject> subjects, Retention retention) {
    List<String> columns = new ArrayList<>(List.of("after"));
    subjects.forEach(subject -> columns.add(subject.domain()));
    Table table = new Table("Bits per byte: " + name, columns.toArray(String[]::new));
    table.row(row("nothing", retention.base()));
    for (int step = 0; step < retention.visited().size(); step++) {
      String taught = subjects.get(retention.visited().get(step)).domain();
      table.row(row(taught, retention.bits().get(step)));
    }
    return table;
  }

  private static Object[] row(String head, double[] bits) {
    List<Object> row = new ArrayList<>(List.of(head));
    Arrays.stream(bits).forEach(b -> row.add("%.4f".formatted(b)));
    return row.toArray();
  }

  static String percent(double share) {
    return "%.2f".formatted(100 * share);
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElseThrow();
  }
}
