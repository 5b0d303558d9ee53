package dev.millrace.job.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.Manifests;
import dev.millrace.job.embedded.LocalCluster;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.job.report.Recording;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.score.HeldOut;
import dev.millrace.schema.Origin;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class FindingsTest {

  private static final Path NONE = Path.of("none");

  private static ChaosReport report(Manifest... stored) {
    TreeMap<String, Manifest> byId = new TreeMap<>();
    List.of(stored).forEach(manifest -> byId.put(manifest.id(), manifest));
    Evidence evidence =
        new Evidence(
            new Recording(
                List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), List.of()),
            new StoredReleases(NONE, byId),
            new HeldOut("salt", 5),
            Set.of(),
            Map.of(),
            false);
    ChaosConfig config =
        new ChaosConfig(
            1,
            Duration.ofSeconds(12),
            List.of("poison"),
            Duration.ofSeconds(45),
            Map.of(),
            NONE,
            new LocalCluster(NONE, NONE));
    List<ChaosReport.Hit> hits = List.of(new ChaosReport.Hit("poison", "16", 5_000, 1_000, -1));
    return new Findings(evidence, List.of(), 1_000).report(config, hits, 12);
  }

  private static LearnedSample sample(long offset) {
    return new LearnedSample("s" + offset, new Origin("samples", 0, offset), false);
  }

  /** The store keeps a release too whose event was lost with its task. */
  @Test
  void report_twoReleasesLearnedASample_itIsOne() {
    Manifest lost = Manifests.of("d", null, 1, sample(0), sample(1));
    Manifest published = Manifests.of("d", null, 1, sample(0), sample(1), sample(2));
    assertEquals(3, report(lost, published).learned());
  }

  @Test
  void text_noAnswerCameAfterAFault_saysSo() {
    String text = report().text();
    assertTrue(text.contains("for  1.0 s, no answer came after it\n"), text);
  }
}
