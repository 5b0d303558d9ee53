package dev.millrace.job.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.millrace.job.embedded.LocalCluster;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs with faults; each tells its seed. Needs the jars of the package phase. */
class ChaosIT {

  private static final Path ROOT = Path.of(System.getProperty("millrace.root"));
  private static final Duration SHORT = Duration.ofSeconds(25);

  /** What the command allows. */
  private static final Duration BOUND = Duration.ofSeconds(45);

  /** A build shares its machine, on which task managers may take over a minute to start. */
  private static final Duration BOUND_OF_A_BUILD = Duration.ofMinutes(3);

  @Test
  @Timeout(value = 15, unit = TimeUnit.MINUTES)
  void run_aFewFaults_auditFindsNothing(@TempDir Path folder) throws Exception {
    run(21, SHORT, BOUND_OF_A_BUILD, Map.of(), folder);
  }

  @Tag("full")
  @Test
  @Timeout(value = 15, unit = TimeUnit.MINUTES)
  void run_aFewFaultsWithStateOnTheHeap_auditFindsNothing(@TempDir Path folder) throws Exception {
    run(25, SHORT, BOUND_OF_A_BUILD, Map.of("state.backend.type", "hashmap"), folder);
  }

  @Tag("full")
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void run_manyFaults_auditFindsNothing(long seed, @TempDir Path folder) throws Exception {
    run(seed, Duration.ofSeconds(100), BOUND, Map.of(), folder);
  }

  private static void run(
      long seed, Duration lasting, Duration bound, Map<String, String> flink, Path folder)
      throws Exception {
    LocalCluster cluster =
        new LocalCluster(ROOT.resolve("flink-jobs").resolve("target"), folder.resolve("cluster"));
    ChaosConfig config =
        new ChaosConfig(
            seed,
            lasting,
            Chaos.faultsAnywhere(),
            bound,
            flink,
            ROOT.resolve("models").resolve("nano"),
            cluster);
    ChaosReport report = new Chaos(config, System.err::println, InstantSource.system()).run();
    System.err.println(report.text());
    assertFalse(report.struck().isEmpty());
    assertEquals(List.of(), report.problems(), report.text());
  }
}
