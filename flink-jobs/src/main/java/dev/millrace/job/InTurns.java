package dev.millrace.job;

import java.util.List;
import java.util.stream.IntStream;

/** One of each list in turn. */
public final class InTurns {

  private InTurns() {}

  /** The first of every list, then the second ones; a list that ends is passed over. */
  public static <T> List<T> of(List<List<T>> lists) {
    int longest = lists.stream().mapToInt(List::size).max().orElse(0);
    return IntStream.range(0, longest)
        .boxed()
        .flatMap(i -> lists.stream().filter(list -> i < list.size()).map(list -> list.get(i)))
        .toList();
  }
}
