package dev.millrace.model.djl;

import java.util.ArrayList;
import java.util.List;

/**
 * Rows of a running batch whose attention is one product: their slots are equally far apart, and
 * they look at equally many of them, in blocks. How many a row looks at is a matter of the row
 * alone, so it does not matter to its result which run it is in.
 *
 * <p>Where keys and values have different widths libtorch has no kernel that keeps rows apart, and
 * each row is a run.
 */
final class Runs {

  private Runs() {}

  /**
   * Four numbers a run: rows, first slot, slots from one row to the next, slots that each looks at.
   *
   * @param slots the first of each row, ascending
   * @param past tokens before the one that each row brings
   * @param most rows of a run
   */
  static long[] of(int[] slots, int[] past, int most) {
    List<Long> runs = new ArrayList<>();
    for (int from = 0; from < slots.length; ) {
      int to = end(slots, past, from, most);
      runs.add((long) (to - from));
      runs.add((long) slots[from]);
      runs.add(to - from > 1 ? slots[from + 1] - slots[from] : 0L);
      runs.add((long) SlotPool.rounded(past[from] + 1));
      from = to;
    }
    return runs.stream().mapToLong(n -> n).toArray();
  }

  private static int end(int[] slots, int[] past, int from, int most) {
    int seen = SlotPool.rounded(past[from] + 1);
    int to = from + 1;
    while (to - from < most
        && to < slots.length
        && SlotPool.rounded(past[to] + 1) == seen
        && slots[to] - slots[to - 1] == slots[from + 1] - slots[from]) {
      to++;
    }
    return to;
  }
}
