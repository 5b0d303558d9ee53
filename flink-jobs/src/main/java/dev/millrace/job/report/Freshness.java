package dev.millrace.job.report;

import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How soon a sample shows: from its append to the moment when a {@code read_committed} consumer
 * gets the first answer by a release that contains it.
 */
public final class Freshness {

  private Freshness() {}

  /** Over every sample that a release contains and that such an answer followed. */
  public static Quantiles of(
      List<Committed<Arrival>> samples, List<Committed<Answer>> answers, Lineage lineage) {
    Map<String, NavigableMap<Long, Long>> answered = firstAnswers(answers, lineage);
    Map<Origin, Long> appended = new HashMap<>();
    samples.forEach(sample -> appended.put(sample.origin(), sample.appendedMillis()));
    List<Long> millis = new ArrayList<>();
    for (Lineage.Learned learned : lineage.releases().values()) {
      Long first = earliestFrom(answered.get(learned.domain()), learned.number());
      if (first != null) {
        for (Origin origin : learned.fresh()) {
          Long at = appended.get(origin);
          if (at != null) {
            millis.add(first - at);
          }
        }
      }
    }
    return Quantiles.of(millis);
  }

  /** Per domain, by release number: when its first answer was seen. */
  private static Map<String, NavigableMap<Long, Long>> firstAnswers(
      List<Committed<Answer>> answers, Lineage lineage) {
    Map<String, NavigableMap<Long, Long>> first = new HashMap<>();
    for (Committed<Answer> answer : answers) {
      String release = answer.value().release();
      Lineage.Learned learned = release == null ? null : lineage.releases().get(release);
      if (learned != null && answer.value().error() == null) {
        first
            .computeIfAbsent(learned.domain(), domain -> new TreeMap<>())
            .merge(learned.number(), answer.seenMillis(), Math::min);
      }
    }
    return first;
  }

  /** Later releases contain what earlier ones learned. */
  private static @Nullable Long earliestFrom(
      @Nullable NavigableMap<Long, Long> first, long number) {
    return first == null
        ? null
        : first.tailMap(number, true).values().stream().min(Long::compare).orElse(null);
  }
}
