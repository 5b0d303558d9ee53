package dev.millrace.adapter.batch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.millrace.adapter.bigram.Stream;
import dev.millrace.schema.ScoredSample;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReservoirTest {

  private static final int RECENT = Reservoir.RECENT;

  @Test
  void follow_theFirst_isUniform() {
    List<Integer> first = numbers(0, RECENT);
    Reservoir<Integer> whole = Reservoir.<Integer>empty(32).offer(first, 5);
    assertEquals(whole, Reservoir.<Integer>empty(32).follow(first, 5));
    assertEquals(whole, offered(Reservoir.empty(32), first, 7));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4, 32, 100, 128, 256, 300})
  void follow_longStream_isFullAndOfWhatCameLately(int capacity) {
    int oldest = 3 * Math.max(RECENT, capacity);
    Reservoir<Integer> reservoir = Reservoir.empty(capacity);
    for (int i = 0; i < 5_000; i++) {
      reservoir = reservoir.follow(List.of(i), 5);
      int now = i;
      assertEquals(Math.min(capacity, i + 1), reservoir.entries().size());
      assertTrue(reservoir.entries().stream().allMatch(entry -> now - entry < oldest));
    }
    assertEquals(reservoir, offered(Reservoir.empty(capacity), numbers(0, 5_000), 100));
  }

  @Test
  void follow_ofWhatEntriesAreMadeFrom_makesThoseThatStay() {
    Reservoir<Integer> made = Reservoir.empty(32);
    Reservoir<Integer> whole = made;
    List<Integer> numbers = numbers(0, 2_000);
    for (int i = 0; i < numbers.size(); i += 50) {
      List<Integer> part = numbers.subList(i, i + 50);
      List<Integer> stay = new ArrayList<>();
      made =
          made.follow(
              part.stream().map(String::valueOf).toList(),
              5,
              drawn -> {
                stay.addAll(drawn.stream().map(Integer::valueOf).toList());
                return stay;
              });
      whole = whole.follow(part, 5);
      assertEquals(whole, made);
      assertEquals(whole.entries().stream().filter(part::contains).toList(), stay);
    }
    assertEquals(made, made.follow(List.of(), 5, drawn -> fail("none stays")));
  }

  /** As often as others are forgotten. */
  @ParameterizedTest
  @ValueSource(ints = {1, 4, 32, 100, 128})
  void follow_othersAreLeftOut_noEntryLivesLonger(int capacity) {
    Random random = new Random(capacity);
    Reservoir<Integer> reservoir = Reservoir.empty(capacity);
    for (int i = 0; i < 5_000; i++) {
      reservoir = reservoir.follow(List.of(i), 5);
      int now = i;
      assertTrue(reservoir.entries().stream().allMatch(entry -> now - entry < 2 * RECENT + 8));
      if (random.nextInt(20) == 0) {
        reservoir = reservoir.with(reservoir.entries().subList(0, reservoir.entries().size() / 4));
      }
    }
    reservoir = offered(reservoir, numbers(5_000, 5_000 + RECENT), 100);
    assertEquals(capacity, reservoir.entries().size());
  }

  /** A document of many texts is not all that judges. */
  @Test
  void follow_longStream_isSpreadOverWhatCameLately() {
    List<Integer> entries = offered(Reservoir.empty(32), numbers(0, 5_000), 100).entries();
    for (int i = 1; i < entries.size(); i++) {
      assertTrue(entries.get(i) / 8 == entries.get(i - 1) / 8 + 1, entries::toString);
    }
  }

  /** As it comes from state of before, when what was kept was of all that had been offered. */
  @Test
  void follow_uniformOverALongStream_isRenewed() {
    Reservoir<Integer> old = offeredUniformly(numbers(0, 5_000));
    Reservoir<Integer> renewed = offered(old, numbers(5_000, 5_000 + 33 * 8), 100);
    assertTrue(renewed.entries().stream().allMatch(entry -> entry >= 5_000));
  }

  /** The scorer remembers so many of what it accepted to judge, whatever batches leave out. */
  @Test
  void follow_batchesOfAnyShare_neverKeepsWhatTheScorerForgot() {
    BatchPolicy policy = new BatchPolicy(16, Long.MAX_VALUE, BatchPolicy.defaults().heldOut(), 0);
    Random random = new Random(3);
    OpenBatch open = OpenBatch.first(null, "foreign");
    Reservoir<Integer> judging = Reservoir.empty(32);
    int accepted = 0;
    int most = 0;
    int closed = 0;
    for (double share = 0.1; closed < 500; ) {
      boolean judges = random.nextDouble() < share;
      ScoredSample sample = Stream.sample(accepted, new int[] {1, 2}, judges, 0);
      accepted += judges ? 1 : 0;
      OpenBatch.Step step = open.add(sample, policy);
      open = step.open();
      if (step.closed() != null) {
        most = Math.max(most, step.closed().heldOut().size());
        List<Integer> ids = step.closed().heldOut().stream().map(ReservoirTest::id).toList();
        judging = (ids.size() < RECENT ? judging : Reservoir.<Integer>empty(32)).follow(ids, 5);
        int forgotten = accepted - 3 * RECENT;
        assertTrue(judging.entries().stream().allMatch(judge -> judge >= forgotten));
        share = List.of(0.1, 0.5, 0.9, 0.96, 0.99).get(random.nextInt(5));
        closed++;
      }
    }
    assertEquals(policy.heldOut(), most, "some were left out");
  }

  private static int id(ScoredSample sample) {
    return Integer.parseInt(sample.sample().id().substring(1));
  }

  private static Reservoir<Integer> offeredUniformly(List<Integer> numbers) {
    return Reservoir.<Integer>empty(32).offer(numbers, 5);
  }

  private static Reservoir<Integer> offered(
      Reservoir<Integer> before, List<Integer> numbers, int parts) {
    Reservoir<Integer> reservoir = before;
    for (int i = 0; i < numbers.size(); i += parts) {
      List<Integer> part = numbers.subList(i, Math.min(numbers.size(), i + parts));
      reservoir = reservoir.follow(part, 5);
    }
    return reservoir;
  }

  private static List<Integer> numbers(int from, int to) {
    return IntStream.range(from, to).boxed().toList();
  }
}
