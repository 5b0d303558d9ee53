package dev.millrace.job.report;

import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.Sample;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Picks some pictures and sounds of each domain: accepted ones, and some for each reason. */
final class Gallery {

  private static final int ACCEPTED = 12;
  private static final int REFUSED = 4;

  private Gallery() {}

  static List<Exhibit> of(Recording recording) {
    Map<Origin, Rejection> refused = new HashMap<>();
    recording.rejections().forEach(r -> refused.putIfAbsent(r.value().origin(), r.value()));
    Map<String, Integer> shown = new HashMap<>();
    List<Exhibit> exhibits = new ArrayList<>();
    for (Committed<Arrival> arrival : recording.samples()) {
      Sample sample = arrival.value().sample();
      if (sample != null && sample.isMedia()) {
        Rejection rejection = refused.get(arrival.origin());
        String reason = rejection == null ? "" : rejection.reason();
        int most = rejection == null ? ACCEPTED : REFUSED;
        if (shown.merge(sample.domain() + "\0" + reason, 1, Integer::sum) <= most) {
          exhibits.add(exhibit(sample, rejection));
        }
      }
    }
    return exhibits;
  }

  private static Exhibit exhibit(Sample sample, @Nullable Rejection rejection) {
    return new Exhibit(
        Objects.requireNonNullElse(sample.domain(), ""),
        sample.modality().name(),
        sample.id(),
        sample.teaches(),
        rejection == null ? "" : rejection.reason(),
        rejection == null ? "" : rejection.detail(),
        Thumbnail.of(sample));
  }
}
