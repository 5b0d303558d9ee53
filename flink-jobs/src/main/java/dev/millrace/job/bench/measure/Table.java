package dev.millrace.job.bench.measure;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Figures under headings. */
public final class Table {

  private final String title;
  private final List<String> columns;
  private final List<List<Object>> rows = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private final List<HeatMap> heatMaps = new ArrayList<>();

  public Table(String title, String... columns) {
    this.title = title;
    this.columns = List.of(columns);
  }

  /** A table of many columns, their headings in one line: {@code a | b | c}. */
  public static Table of(String title, String headings) {
    return new Table(title, headings.split(" \\| ", -1));
  }

  /** Adds a row: texts, numbers and {@link Estimate}s, one a column. */
  public Table row(Object... values) {
    if (values.length != columns.size()) {
      throw new IllegalArgumentException(
          values.length + " values, expected one for each of " + columns);
    }
    rows.add(Arrays.asList(values));
    return this;
  }

  /** Adds a line under the table. */
  public Table note(String note) {
    notes.add(note);
    return this;
  }

  /** Adds a drawing, which only HTML shows. */
  public Table heatMap(HeatMap map) {
    heatMaps.add(map);
    return this;
  }

  public String getTitle() {
    return title;
  }

  public List<String> getNotes() {
    return notes;
  }

  /** The rows, each value under its heading. */
  public List<Map<String, Object>> getRows() {
    List<Map<String, Object>> named = new ArrayList<>();
    for (List<Object> row : rows) {
      Map<String, Object> values = new LinkedHashMap<>();
      for (int c = 0; c < columns.size(); c++) {
        values.put(columns.get(c), row.get(c));
      }
      named.add(values);
    }
    return named;
  }

  /** The table as text, and its drawings under it. */
  public String toHtml() {
    StringBuilder html = new StringBuilder("<pre>");
    html.append(toMarkdown().replace("&", "&amp;").replace("<", "&lt;")).append("</pre>\n");
    heatMaps.forEach(map -> html.append(map.toSvg()));
    return html.toString();
  }

  /** Markdown that lines up as plain text too. */
  public String toMarkdown() {
    List<List<String>> cells = new ArrayList<>();
    cells.add(columns);
    rows.forEach(row -> cells.add(row.stream().map(Table::cell).toList()));
    StringBuilder text = new StringBuilder("### " + title + "\n\n");
    for (int r = 0; r < cells.size(); r++) {
      line(text, cells, r);
      if (r == 0) {
        columns.forEach(c -> text.append("|").append("-".repeat(width(cells, c) + 2)));
        text.append("|\n");
      }
    }
    notes.forEach(note -> text.append("\n").append(note).append("\n"));
    return text.toString();
  }

  private void line(StringBuilder text, List<List<String>> cells, int r) {
    for (int c = 0; c < columns.size(); c++) {
      String cell = cells.get(r).get(c);
      String blanks = " ".repeat(width(cells, columns.get(c)) - cell.length());
      boolean right = r > 0 && rows.get(r - 1).get(c) instanceof Number;
      text.append(right ? "| " + blanks + cell + " " : "| " + cell + blanks + " ");
    }
    text.append("|\n");
  }

  private int width(List<List<String>> cells, String column) {
    int c = columns.indexOf(column);
    return cells.stream().mapToInt(row -> row.get(c).length()).max().orElse(0);
  }

  private static String cell(Object value) {
    if (value instanceof Double number) {
      return Math.abs(number) >= 100 ? "%,.0f".formatted(number) : "%.3g".formatted(number);
    }
    return value instanceof Integer number ? "%,d".formatted(number) : value.toString();
  }
}
