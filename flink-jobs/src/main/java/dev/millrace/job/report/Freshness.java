package dev.millrace.job.report;

import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How soon a sample shows: from its append to the moment when a {@code read_committed} consumer
 * gets the first answer by a release that contains it.
 */
public final class Freshness {

  private Freshness() {}

  /** Over every sample that a release contains and that such an answer followed. */
  public static Quantiles of(
      List<Committed<Arrival>> samples, List<Committed<Answer>> answers, Lineage lineage) {
    Map<Origin, Long> shown = new HashMap<>();
    firstAnswers(answers)
        .forEach(
            (release, seen) ->
                lineage.samples(release).forEach(at -> shown.merge(at, seen, Math::min)));
    List<Long> millis = new ArrayList<>();
    for (Committed<Arrival> sample : samples) {
      Long seen = shown.get(sample.origin());
      if (seen != null) {
        millis.add(seen - sample.appendedMillis());
      }
    }
    return Quantiles.of(millis);
  }

  /** By release: when its first answer was seen. */
  private static Map<String, Long> firstAnswers(List<Committed<Answer>> answers) {
    Map<String, Long> first = new HashMap<>();
    for (Committed<Answer> answer : answers) {
      String release = answer.value().release();
      if (release != null && answer.value().error() == null) {
        first.merge(release, answer.seenMillis(), Math::min);
      }
    }
    return first;
  }
}
