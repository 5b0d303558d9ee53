package dev.millrace.job.report;

import dev.millrace.schema.Origin;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What each release of a run says that it learned, by release id.
 *
 * @param releases as their manifests tell it
 */
public record Lineage(Map<String, Learned> releases) {

  /**
   * One release's own batch.
   *
   * @param parent the release that it was trained from; null for the base
   * @param fresh where the samples stand that it was the first to learn
   */
  public record Learned(@Nullable String parent, Set<Origin> fresh) {}

  /** Where the samples stand that a release contains: what it learned, and those it came of. */
  public Set<Origin> samples(String release) {
    Set<Origin> samples = new HashSet<>();
    Learned learned = releases.get(release);
    while (learned != null) {
      samples.addAll(learned.fresh());
      String parent = learned.parent();
      learned = parent == null ? null : releases.get(parent);
    }
    return samples;
  }
}
