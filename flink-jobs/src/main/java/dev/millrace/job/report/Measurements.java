package dev.millrace.job.report;

import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Bits per byte as the topics gave them.
 *
 * @param byDomain by the domain of the held-out text
 * @param protectedBefore of the base on the protected set
 * @param protectedAfter by the adapter's domain
 */
public record Measurements(
    SortedMap<String, Measured> byDomain,
    double protectedBefore,
    SortedMap<String, Double> protectedAfter) {

  /**
   * The held-out text of one domain.
   *
   * @param bytes UTF-8 bytes
   * @param adapted by the adapter's domain
   * @param ngram null where nothing taught
   * @param trainedBytes UTF-8 bytes that the n-gram was trained on, and the adapter too
   */
  public record Measured(
      long bytes,
      double base,
      SortedMap<String, Double> adapted,
      @Nullable Double ngram,
      long trainedBytes) {

    double own(String domain) {
      return adapted.getOrDefault(domain, base);
    }
  }

  /** By the adapter's domain, then by the text's: relative change against the base. */
  public SortedMap<String, SortedMap<String, Double>> changes() {
    SortedMap<String, SortedMap<String, Double>> changes = new TreeMap<>();
    byDomain.forEach(
        (text, measured) ->
            measured
                .adapted()
                .forEach(
                    (adapter, bits) ->
                        changes
                            .computeIfAbsent(adapter, a -> new TreeMap<>())
                            .put(text, bits / measured.base() - 1)));
    return changes;
  }

  /** Relative change of all other domains' bits together with this domain's adapter, if any. */
  public @Nullable Double otherDomainsChange(String adapter) {
    double before = 0;
    double after = 0;
    for (var entry : byDomain.entrySet()) {
      Measured text = entry.getValue();
      Double adapted = text.adapted().get(adapter);
      if (!entry.getKey().equals(adapter) && adapted != null) {
        before += text.base() * text.bytes();
        after += adapted * text.bytes();
      }
    }
    return before == 0 ? null : (Double) (after / before - 1);
  }
}
