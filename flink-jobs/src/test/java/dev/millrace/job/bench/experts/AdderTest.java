package dev.millrace.job.bench.experts;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AdderTest {

  private static Sums term(long batch, int group, int[] keys, float... rows) {
    return new Sums(batch, 1, group, 0, keys, rows);
  }

  private static Sums added(List<Sums> terms) {
    Adder adder = new Adder(terms.size(), 1);
    @Nullable Sums sum = null;
    for (Sums one : terms) {
      assertNull(sum);
      sum = adder.take(one.group(), one);
    }
    assertEquals(0, adder.waiting());
    return Objects.requireNonNull(sum);
  }

  @Property
  void take_termsInAnyOrder_addsInTheirOwn(@ForAll Random random) {
    List<Sums> terms =
        IntStream.range(0, 5)
            .mapToObj(
                group ->
                    term(
                        3,
                        group,
                        new int[] {0, 2, 7},
                        random.nextFloat(),
                        random.nextFloat() * 1e7f,
                        random.nextFloat()))
            .toList();
    float[] inOrder = added(terms).rows();
    List<Sums> shuffled = new ArrayList<>(terms);
    Collections.shuffle(shuffled, random);
    assertArrayEquals(inOrder, added(shuffled).rows());
  }

  @Test
  void take_termsOfDifferentCopies_addsEachToItsRow() {
    Sums sum =
        added(
            List.of(
                term(0, 0, new int[] {1, 4}, 1, 2, 3, 4),
                term(0, 1, new int[0]),
                term(0, 2, new int[] {0, 4}, 5, 6, 7, 8)));
    assertArrayEquals(new int[] {0, 1, 4}, sum.keys());
    assertArrayEquals(new float[] {5, 6, 1, 2, 10, 12}, sum.rows());
    assertEquals(1, sum.origin());
  }

  @Test
  void take_severalCopiesOfAToken_addsThemToOneRow() {
    Adder adder = new Adder(1, 10);
    Sums sum =
        Objects.requireNonNull(adder.take(0, term(0, 0, new int[] {0, 3, 11, 12}, 1, 2, 3, 4)));
    assertArrayEquals(new int[] {0, 1}, sum.keys());
    assertArrayEquals(new float[] {3, 7}, sum.rows());
  }

  @Test
  void take_aTermTwice_isRefused() {
    Adder adder = new Adder(2, 1);
    adder.take(0, term(5, 0, new int[] {0}, 1));
    assertEquals(1, adder.waiting());
    assertThrows(IllegalStateException.class, () -> adder.take(0, term(5, 0, new int[] {0}, 1)));
  }
}
