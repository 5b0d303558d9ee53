package dev.millrace.adapter.batch;

import dev.millrace.schema.Origin;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/** Per topic and partition, the last sample learned. */
public final class Progress {
  private static final Comparator<Origin> BY_PARTITION =
      Comparator.comparing(Origin::topic).thenComparingInt(Origin::partition);

  private Progress() {}

  /** Whether learning that stands here has seen a sample. */
  public static boolean includes(List<Origin> learnedTo, Origin sample) {
    return learnedTo.stream()
        .anyMatch(
            last -> BY_PARTITION.compare(last, sample) == 0 && sample.offset() <= last.offset());
  }

  /** Where learning stands after some more samples; sorted by topic and partition. */
  public static List<Origin> after(List<Origin> before, List<Origin> learned) {
    List<Origin> all = new ArrayList<>(before);
    all.addAll(learned);
    all.sort(BY_PARTITION.thenComparing(Comparator.comparingLong(Origin::offset).reversed()));
    TreeSet<Origin> last = new TreeSet<>(BY_PARTITION);
    last.addAll(all); // a set keeps the first of equals: the furthest
    return List.copyOf(last);
  }
}
