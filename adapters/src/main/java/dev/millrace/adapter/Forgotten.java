package dev.millrace.adapter;

import dev.millrace.schema.TrainingBatch;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;

/**
 * What a domain must not know any more, and what it has still to learn again without that.
 *
 * @param samples ids, sorted; none of them is ever learned again
 * @param again releases that were taken back for having known of them, the oldest first: what each
 *     had been taught is taught again, without them
 */
public record Forgotten(List<String> samples, List<String> again) {

  /** Nothing was to be forgotten. */
  public static final Forgotten NONE = new Forgotten(List.of(), List.of());

  /** Whether a sample is to be forgotten. */
  boolean contains(String sample) {
    return Collections.binarySearch(samples, sample) >= 0;
  }

  /** With some more samples, and these releases to be learned again. */
  Forgotten with(Collection<String> more, List<String> releases) {
    TreeSet<String> all = new TreeSet<>(samples);
    all.addAll(more);
    return new Forgotten(List.copyOf(all), List.copyOf(releases));
  }

  /** After the first of the releases was learned again. */
  Forgotten next() {
    return new Forgotten(samples, again.subList(1, again.size()));
  }

  /** A batch that teaches nothing of what is to be forgotten; what it holds out it still names. */
  TrainingBatch without(TrainingBatch batch) {
    return samples.isEmpty()
        ? batch
        : new TrainingBatch(
            batch.tenant(),
            batch.domain(),
            batch.number(),
            batch.samples().stream().filter(s -> !contains(s.sample().id())).toList(),
            batch.heldOut());
  }
}
