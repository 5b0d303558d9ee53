package dev.millrace.job.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 6, unit = TimeUnit.MINUTES)
class LinkedClusterIT {

  private static final int RECORDS = 200;
  private static final int BYTES = 1_000;

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
