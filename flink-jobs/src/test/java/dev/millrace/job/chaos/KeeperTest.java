package dev.millrace.job.chaos;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.embedded.EndedCluster;
import dev.millrace.job.embedded.LocalCluster;
import dev.millrace.job.embedded.Poll;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class KeeperTest {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @Test
  void look_aStartFails_triesAgain(@TempDir Path folder) throws Exception {
    LocalCluster cluster = EndedCluster.in(folder, List.of("sleep", "600"));
    Path log = cluster.home().resolve("log");
    Files.writeString(log, "no folder");
    List<String> said = new CopyOnWriteArrayList<>();
    try (Keeper keeper = new Keeper(cluster, said::add)) {
      keeper.start();
      assertTrue(Poll.until(PATIENCE, () -> !said.isEmpty()), "it looks");
      assertTrue(Poll.until(PATIENCE, () -> said.size() > 1), "it says what became of it");
      Files.delete(log);
      Files.createDirectory(log);
      assertTrue(Poll.until(PATIENCE, () -> cluster.status().orElseThrow().isUp()), said::toString);
    } finally {
      cluster.down();
    }
  }
}
