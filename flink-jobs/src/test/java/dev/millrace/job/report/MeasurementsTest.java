package dev.millrace.job.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.millrace.job.report.Measurements.Measured;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class MeasurementsTest {

  @Test
  void otherDomainsChange_oneDomain_isNone() {
    assertNull(of(Map.of("a", text(100, 2.0, 1.0))).otherDomainsChange("a"));
  }

  @Test
  void otherDomainsChange_severalDomains_weighsThemByTheirBits() {
    assertEquals(
        (100 * 3.0 + 50 * 4.0) / (100 * 2.0 + 50 * 2.0) - 1,
        of(Map.of("a", text(9, 2.0, 1.0), "b", text(100, 2.0, 3.0), "c", text(50, 2.0, 4.0)))
            .otherDomainsChange("a"),
        1e-12);
  }

  private static Measured text(long bytes, double base, double byA) {
    return new Measured(bytes, base, new TreeMap<>(Map.of("a", byA)), null, 0);
  }

  private static Measurements of(Map<String, Measured> texts) {
    SortedMap<String, Double> none = new TreeMap<>();
    return new Measurements(new TreeMap<>(texts), 1, none);
  }
}
