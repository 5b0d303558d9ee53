package dev.millrace.job.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 6, unit = TimeUnit.MINUTES)
class LinkedClusterIT {

  private static final int RECORDS = 200;
  private static final int BYTES = 1_000;
  private static final Duration SOON = Duration.ofMinutes(1);

  @TempDir Path folder;

  /** Another process, which starts a cluster until it is killed. */
  static final class Other {
    public static void main(String[] none) throws Exception {
      System.out.println("starts");
      try (Link link = ProxyLink.open();
          LinkedCluster cluster = LinkedCluster.start(link, 1)) {
        var unusedByte = System.in.read();
      }
    }
  }

  @Test
  void start_processIsKilledBeforeAllIsUp_leavesNoJobManager() throws Exception {
    Process other = OtherProcess.that("starts", Other.class, folder);
    List<ProcessHandle> started = List.of();
    try {
      assertTrue(Poll.until(SOON, () -> !started(other).isEmpty()));
      assertTrue(Poll.until(SOON, () -> started(other).stream().allMatch(p -> isWilled(p, other))));
      started = started(other);
      assertEquals(1, started.size()); // no task manager yet
      other.destroyForcibly().waitFor();
      ProcessHandle jobManager = started.get(0);
      assertTrue(Poll.until(SOON, () -> !jobManager.isAlive()));
    } finally {
      started(other).forEach(ProcessHandle::destroyForcibly);
      other.destroyForcibly().waitFor();
      started.forEach(ProcessHandle::destroyForcibly);
    }
  }

  private static List<ProcessHandle> started(Process other) {
    return other
        .descendants()
        .filter(process -> process.info().command().orElse("").endsWith("/java"))
        .toList();
  }

  /** Whether a shell waits for the end of the other process to end this one. */
  private static boolean isWilled(ProcessHandle process, Process other) {
    String pid = String.valueOf(process.pid());
    return other
        .children()
        .flatMap(shell -> Stream.of(shell.info().arguments().orElse(new String[0])))
        .anyMatch(pid::equals);
  }

  /** Of the texts half are made where the one sink is. */
  @Test
  void job_inBothTaskManagers_sendsOverTheLinkWhatCrosses() throws Exception {
    try (Link link = ProxyLink.open();
        LinkedCluster cluster = LinkedCluster.start(link, 1)) {
      StreamExecutionEnvironment env = cluster.environment();
      env.setParallelism(2);
      List<String> come =
          env.fromData(IntStream.range(0, RECORDS).boxed().toList())
              .rebalance()
              .map(number -> "x".repeat(BYTES))
              .returns(String.class)
              .executeAndCollect(RECORDS + 1);
      assertEquals(RECORDS, come.size());
      long least = RECORDS * BYTES / 2;
      assertTrue(link.bytes() >= least, link.bytes() + " bytes, expected " + least + " at least");
      assertTrue(link.bytes() <= 2 * least, Arrays.asList(link.bytes(), least)::toString);
    }
  }
}
