package dev.millrace.job.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.embedded.EndedCluster;
import dev.millrace.job.embedded.LocalCluster;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StormTest {

  @TempDir Path folder;

  private final List<String> said = new ArrayList<>();

  private Storm storm() {
    return storm(null, null);
  }

  private Storm storm(LocalCluster cluster, Keeper keeper) {
    Site site =
        new Site(
            cluster,
            keeper,
            null,
            null,
            null,
            null,
            null,
            folder.resolve("store"),
            folder,
            null,
            null,
            new ReentrantLock());
    return new Storm(site, said::add, InstantSource.system());
  }

  private static Schedule schedule(String fault) {
    return new Schedule(List.of(new Strike(fault, 0, 1, 1), new Strike(fault, 500, 1, 2)));
  }

  @Test
  void rage_noFaultCouldStrike_isAProblem() throws Exception {
    Storm storm = storm();
    assertEquals(List.of(), storm.rage(schedule(DiskFull.NAME)), "there is no small disk");
    assertEquals(List.of("none of 2 faults could strike, expected some"), storm.problems());
    assertEquals(2, said.size(), said::toString);
  }

  /** It counted as a fault, and its recovery was that from the one before. */
  @Test
  void rage_theProcessIsDownAlready_isNeitherKilledNorFrozen() throws Exception {
    LocalCluster cluster = EndedCluster.in(folder, List.of("sleep", "600"));
    Files.createDirectories(cluster.home().resolve("log"));
    try (Keeper keeper = new Keeper(cluster, said::add)) {
      Storm storm = storm(cluster, keeper);
      assertEquals(List.of(), storm.rage(schedule("kill-redis")));
      assertEquals(List.of(), storm.rage(schedule("freeze-redis")));
      assertEquals(
          "kill-redis could not strike: redis does not run, expected that it does", said.get(0));
      keeper.bringUp("redis");
      assertEquals(2, storm.rage(schedule("kill-redis")).size());
    } finally {
      cluster.down();
    }
  }

  @Test
  void rage_faultsStrikeAndAreHealed_areNone() throws Exception {
    Storm storm = storm();
    assertEquals(2, storm.rage(schedule("store-away")).size());
    assertEquals(List.of(), storm.problems());
  }
}
