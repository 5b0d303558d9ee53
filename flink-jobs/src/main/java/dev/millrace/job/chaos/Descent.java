package dev.millrace.job.chaos;

import dev.millrace.job.releases.Reproduction;
import dev.millrace.job.report.Arrival;
import dev.millrace.job.report.Committed;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import dev.millrace.schema.Verdict;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a domain's last release has learned, beside what it should have.
 *
 * @param learned where the samples stand that it and its ancestors learned, in that order
 * @param teaching where the domain's samples stand that may teach, in the order of their topic
 * @param refused how many samples the gate took along with the candidates that it refused
 */
record Descent(String domain, List<Origin> learned, List<Origin> teaching, int refused) {

  static Descent of(Evidence evidence, String domain, String release) {
    List<Origin> learned =
        new Reproduction(evidence.stored(), release)
            .lineage().stream()
                .flatMap(id -> evidence.stored().manifest(id).fresh())
                .map(LearnedSample::origin)
                .toList();
    Set<Origin> rejected =
        evidence.recording().rejections().stream()
            .map(rejection -> rejection.value().origin())
            .collect(Collectors.toSet());
    List<Origin> teaching =
        evidence.recording().samples().stream()
            .filter(arrival -> teaches(evidence, domain, arrival.value()))
            .map(Committed::origin)
            .filter(origin -> !rejected.contains(origin))
            .sorted(Origin.ORDER)
            .toList();
    int refused =
        evidence.recording().verdicts().stream()
            .map(Committed::value)
            .filter(verdict -> verdict.domain().equals(domain))
            .filter(verdict -> !verdict.accepted() && verdict.tokens() > 0)
            .collect(Collectors.toMap(Verdict::batch, Verdict::samples, (one, again) -> one))
            .values()
            .stream()
            .mapToInt(Integer::intValue)
            .sum();
    return new Descent(domain, learned, teaching, refused);
  }

  private static boolean teaches(Evidence evidence, String domain, Arrival arrival) {
    Sample sample = arrival.sample();
    return sample != null
        && domain.equals(sample.domain())
        && !evidence.heldOut().contains(sample.tenant(), domain, sample.document());
  }

  /** Samples that are left out, come twice, or should not be there. */
  List<String> problems() {
    List<String> problems = new ArrayList<>();
    Set<Origin> once = new HashSet<>();
    for (Origin origin : learned) {
      if (!once.add(origin)) {
        problems.add("domain " + domain + " has learned the sample at " + origin + " twice");
      }
      if (!teaching.contains(origin)) {
        problems.add("domain " + domain + " has learned " + origin + ", which may not teach");
      }
    }
    int end = once.stream().mapToInt(teaching::indexOf).max().orElse(-1) + 1;
    long missing = teaching.subList(0, end).stream().filter(o -> !once.contains(o)).count();
    if (missing != refused) {
      problems.add(
          "domain %s has not learned %d samples that came before its last one, expected %d"
              .formatted(domain, missing, refused));
    }
    return problems;
  }
}
