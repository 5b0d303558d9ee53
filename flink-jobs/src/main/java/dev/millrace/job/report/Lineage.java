package dev.millrace.job.report;

import dev.millrace.schema.Origin;
import java.util.Map;
import java.util.Set;

/**
 * What each release of a run says that it learned, by release id.
 *
 * @param releases as their manifests tell it
 */
public record Lineage(Map<String, Learned> releases) {

  /**
   * One release's own batch.
   *
   * @param number counts the domain's releases in the order of their descent
   * @param fresh where the samples stand that it was the first to learn
   */
  public record Learned(String domain, long number, Set<Origin> fresh) {}
}
