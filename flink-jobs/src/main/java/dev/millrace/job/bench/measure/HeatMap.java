package dev.millrace.job.bench.measure;

import java.util.List;

/**
 * How often each row uses each column, darker where more often.
 *
 * @param rows their names
 * @param shares (rows, columns): parts of a row's whole
 */
public record HeatMap(String title, List<String> rows, double[][] shares) {

  private static final int CELL = 18;
  private static final int LEFT = 110;
  private static final int TOP = 40;

  /** Light to dark. */
  private static final String SHADES = " .:-=+*#%@";

  /** One line of characters, darker where a row is busier. */
  public static String text(double[] shares) {
    double most = greatest(shares);
    StringBuilder text = new StringBuilder();
    for (double share : shares) {
      text.append(SHADES.charAt((int) (share / most * (SHADES.length() - 1))));
    }
    return "`" + text + "`";
  }

  public static String legend() {
    return "Darker is busier: \"" + SHADES + "\".";
  }

  /** A drawing whose cells say their figures when pointed at. */
  String toSvg() {
    int columns = shares.length == 0 ? 0 : shares[0].length;
    StringBuilder svg =
        new StringBuilder(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n"
                .formatted(LEFT + columns * CELL + CELL, TOP + shares.length * CELL + CELL));
    svg.append("<text x=\"0\" y=\"14\" font-weight=\"bold\">%s</text>\n".formatted(title));
    for (int column = 0; column < columns; column += 4) {
      svg.append(
          "<text x=\"%d\" y=\"%d\">%d</text>\n".formatted(LEFT + column * CELL, TOP - 6, column));
    }
    for (int row = 0; row < shares.length; row++) {
      svg.append(
          "<text x=\"0\" y=\"%d\">%s</text>\n".formatted(TOP + row * CELL + 13, rows.get(row)));
      for (int column = 0; column < columns; column++) {
        svg.append(cell(row, column));
      }
    }
    return svg.append("</svg>\n").toString();
  }

  private String cell(int row, int column) {
    double share = shares[row][column];
    double dark = share / greatest(shares[row]);
    return "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"hsl(215,70%%,%.0f%%)\"><title>%s, expert %d: %.2f %%</title></rect>%n"
        .formatted(
            LEFT + column * CELL,
            TOP + row * CELL,
            CELL - 1,
            CELL - 1,
            96 - 71 * dark,
            rows.get(row),
            column,
            100 * share);
  }

  private static double greatest(double[] shares) {
    double most = 1e-12;
    for (double share : shares) {
      most = Math.max(most, share);
    }
    return most;
  }
}
