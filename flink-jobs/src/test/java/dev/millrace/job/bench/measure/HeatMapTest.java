package dev.millrace.job.bench.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class HeatMapTest {

  @Test
  void text_shares_areDarkerWhereGreater() {
    assertEquals("` =@`", HeatMap.text(new double[] {0, 0.25, 0.5}));
  }

  @Test
  void toHtml_tableWithADrawing_hasACellForEachShare() {
    double[][] shares = {{0.1, 0.9}, {0.5, 0.5}};
    String html =
        new Table("a < b", "c").heatMap(new HeatMap("Layer 0", List.of("x", "y"), shares)).toHtml();
    assertEquals(4, html.split("<rect ", -1).length - 1);
    assertTrue(html.contains("<title>x, expert 1: 90.00 %</title>"), html);
    assertTrue(html.contains("a &lt; b"), html);
  }
}
