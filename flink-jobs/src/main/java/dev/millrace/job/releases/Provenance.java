package dev.millrace.job.releases;

import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.Sample;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What stands behind an answer.
 *
 * @param chain the release's parents, the nearest first
 * @param missing the parent that is not in the store, where the chain ends early; else null
 * @param samples how many taught the release and those of its parents that are in the store
 * @param examples the ids of a few that the release learned, or the nearest parent that did
 * @param sources how many of them each source sent, by its name
 * @param unread how many could not be read again, so that nobody knows who sent them
 */
public record Provenance(
    String release,
    List<String> chain,
    @Nullable String missing,
    int samples,
    List<String> examples,
    SortedMap<String, Integer> sources,
    int unread) {

  private static final int EXAMPLES = 3;

  /**
   * Follows a release to its base; a released base to the adapter of a domain that it was taught.
   *
   * @param domain whose answer it is
   * @param read reads the samples with these ids by place, as far as they are still there
   * @throws IllegalArgumentException if the release is not in the store
   */
  public static Provenance of(
      StoredReleases stored,
      String release,
      @Nullable String domain,
      Function<Map<Origin, String>, Map<Origin, Sample>> read) {
    if (!stored.byId().containsKey(release)) {
      throw new IllegalArgumentException(
          "release " + release + " is not in " + stored.store() + ", expected it there");
    }
    List<String> chain = new ArrayList<>();
    Set<LearnedSample> samples = new HashSet<>(); // a topic made anew has others in their places
    SortedMap<Origin, String> places = new TreeMap<>(Origin.ORDER);
    List<String> examples = List.of();
    String missing = null;
    for (String id = release; id != null; ) {
      Manifest manifest = stored.byId().get(id);
      if (manifest == null) {
        missing = id;
        break;
      }
      manifest
          .fresh()
          .filter(samples::add)
          .forEach(sample -> places.putIfAbsent(sample.origin(), sample.sample()));
      if (examples.isEmpty()) {
        examples = examples(manifest);
      }
      id = manifest.kind() == Kind.BASE ? taught(stored, id, domain) : manifest.parent();
      if (id != null) {
        chain.add(id);
      }
    }
    Collection<Sample> known = read.apply(places).values();
    SortedMap<String, Integer> sources = new TreeMap<>();
    known.forEach(sample -> sources.merge(sample.source(), 1, Integer::sum));
    return new Provenance(
        release,
        List.copyOf(chain),
        missing,
        samples.size(),
        examples,
        sources,
        samples.size() - known.size());
  }

  private static @Nullable String taught(
      StoredReleases stored, String base, @Nullable String domain) {
    return domain == null ? null : stored.taught(base).get(domain);
  }

  private static List<String> examples(Manifest manifest) {
    return manifest.fresh().map(LearnedSample::sample).limit(EXAMPLES).toList();
  }

  /** For people, in lines. */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append("release ").append(release).append(", ");
    text.append(chain.size()).append(" parents");
    text.append(missing == null ? " up to the base" : ", " + missing + " is not in the store");
    text.append("\n").append(samples).append(" samples taught them");
    if (!examples.isEmpty()) {
      text.append(", such as ").append(String.join("; ", examples));
    }
    sources.forEach((source, n) -> text.append("\n  ").append(n).append(" from ").append(source));
    if (unread > 0) {
      text.append("\n  ").append(unread).append(" that are not on their topic here");
    }
    return text.toString();
  }
}
