package dev.millrace.adapter.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.base.WeightedSequence;
import java.util.HashSet;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

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
}
