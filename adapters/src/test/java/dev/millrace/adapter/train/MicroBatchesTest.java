package dev.millrace.adapter.train;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.base.WeightedSequence;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MicroBatchesTest {

  @Property
  void pack_anyRows_losesNoneAndKeepsTheBudget(
      @ForAll @Size(max = 40) List<@IntRange(min = 2, max = 300) Integer> lengths,
      @ForAll @IntRange(min = 1, max = 2000) int budget,
      @ForAll @IntRange(min = 0, max = 4) int wanted) {
    List<WeightedSequence> rows =
        lengths.stream().map(n -> new WeightedSequence(new int[n], 1)).toList();
    List<List<WeightedSequence>> packed = MicroBatches.pack(rows, budget, wanted);
    assertTrue(packed.size() >= Math.min(wanted, rows.size()));
    for (List<WeightedSequence> micro : packed) {
      assertTrue(micro.size() == 1 || MicroBatches.tokens(micro) <= budget);
    }
    List<WeightedSequence> all = packed.stream().flatMap(List::stream).toList();
    assertEquals(rows.size(), all.size());
    assertEquals(new HashSet<>(rows), new HashSet<>(all));
  }

  @ParameterizedTest
  @CsvSource({
    "500, 0, 130, 2, 1 0 1", // three calls would leave one of two threads idle behind the other
    "500, 0, 130, 4, 3 0 1",
    "500, 130, 130, 2, 1 1 1",
    "500, 0, 0, 2, 2 0 0",
    "0, 0, 160, 2, 0 0 1", // two calls of 80 tokens cost half as much again
    "0, 0, 256, 2, 0 0 2",
    "100, 0, 120, 4, 1 0 1",
    "0, 0, 0, 2, 0 0 0"
  })
  void counts_kindsAndThreads_oneOfEachAndMoreForIdleThreadsThatPay(
      long texts, long held, long anchors, int threads, String expected) {
    int[] counts = MicroBatches.counts(new long[] {texts, held, anchors}, threads);
    assertEquals(expected, Arrays.stream(counts).mapToObj(Integer::toString).collect(joining(" ")));
  }
}
