package dev.millrace.adapter.batch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.bigram.Stream;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class OpenBatchTest {
  private static final BatchPolicy POLICY = new BatchPolicy(3, 100, 2, 0);

  @Test
  void add_lastThatFits_closesWithIt() {
    List<TrainingBatch> closed = closed(List.of(teach(0, 0), teach(1, 1), teach(2, 2)));
    assertEquals(List.of("s0", "s1", "s2"), ids(closed.get(0).samples()));
    assertEquals(0, closed.get(0).number());
  }

  @Test
  void add_beyondTheSpan_closesBeforeIt() {
    List<TrainingBatch> closed = closed(List.of(teach(0, 50), teach(1, 149), teach(2, 150)));
    assertEquals(List.of("s0", "s1"), ids(closed.get(0).samples()));
  }

  @Test
  void add_spanBeyondTheLastTimeThereIs_gathers() {
    long late = Long.MAX_VALUE - 1;
    List<TrainingBatch> closed = closed(List.of(teach(0, late), teach(1, late)));
    assertEquals(List.of("s0", "s1"), ids(closed.get(0).samples()));
  }

  @Test
  void add_heldOut_judgesAndNeverTeaches() {
    TrainingBatch batch =
        closed(
                List.of(
                    judge(0, 0), judge(1, 0), judge(2, 0), teach(3, 1), teach(4, 2), teach(5, 3)))
            .get(0);
    assertEquals(List.of("s3", "s4", "s5"), ids(batch.samples()));
    assertEquals(List.of("s1", "s2"), ids(batch.heldOut()));
  }

  @Test
  void add_restoredUnderASmallerCount_losesNothing() {
    BatchPolicy larger = new BatchPolicy(10, 100, 2, 0);
    OpenBatch open = OpenBatch.first(null, "d");
    for (int i = 0; i < 5; i++) {
      open = open.add(teach(i, i), larger).open();
    }
    TrainingBatch closed = open.add(teach(5, 5), POLICY).closed();
    assertNotNull(closed);
    assertEquals(List.of("s0", "s1", "s2", "s3", "s4", "s5"), ids(closed.samples()));
  }

  @Test
  void close_onlyHeldOut_waits() {
    OpenBatch open = OpenBatch.first(null, "d").add(judge(0, 0), POLICY).open();
    assertNull(open.close().closed());
    assertEquals(1, open.close().open().heldOut().size());
  }

  @Property
  void add_anyStream_losesNothingAndKeepsOrder(
      @ForAll @Size(max = 40) List<@IntRange(max = 400) Integer> times) {
    List<ScoredSample> samples = new ArrayList<>();
    times.forEach(time -> samples.add(teach(samples.size(), time)));
    List<TrainingBatch> closed = new ArrayList<>(closed(samples));
    List<String> seen = new ArrayList<>();
    for (TrainingBatch batch : closed) {
      assertTrue(batch.samples().size() <= POLICY.count());
      seen.addAll(ids(batch.samples()));
    }
    assertEquals(ids(samples), seen);
  }

  private static List<TrainingBatch> closed(List<ScoredSample> samples) {
    List<TrainingBatch> closed = new ArrayList<>();
    OpenBatch open = OpenBatch.first(null, "d");
    for (ScoredSample sample : samples) {
      open = take(open.add(sample, POLICY), closed);
    }
    take(open.close(), closed);
    for (int i = 0; i < closed.size(); i++) {
      assertEquals(i, closed.get(i).number());
    }
    return closed;
  }

  private static OpenBatch take(OpenBatch.Step step, List<TrainingBatch> closed) {
    if (step.closed() != null) {
      closed.add(step.closed());
    }
    return step.open();
  }

  private static ScoredSample teach(int number, long millis) {
    return Stream.sample(number, new int[] {1, 2}, false, millis);
  }

  private static ScoredSample judge(int number, long millis) {
    return Stream.sample(number, new int[] {1, 2}, true, millis);
  }

  private static List<String> ids(List<ScoredSample> samples) {
    return samples.stream().map(s -> s.sample().id()).toList();
  }
}
