package dev.millrace.job.operator.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FairQueueTest {

  @Test
  void take_severalTenants_takeTurns() {
    FairQueue<String> queue = new FairQueue<>(10, 1, entry -> 1, entry -> false);
    offer(queue, null, "a1", "a2", "a3");
    offer(queue, "b", "b1");
    offer(queue, "c", "c1", "c2");
    assertEquals(List.of("a1", "b1", "c1", "a2", "c2", "a3"), drain(queue));
    assertEquals(6, open(queue, 10));
  }

  @Test
  void offer_oneTenantAlone_hasTheWholeQueue() {
    FairQueue<String> queue = new FairQueue<>(3, 0.5, entry -> 1, entry -> false);
    offer(queue, "a", "a1", "a2", "a3");
    assertEquals("a4", queue.offer("a", "a4"));
    assertFalse(queue.hasRoom(1));
  }

  @Test
  void offer_overItsShareBesideOthers_isRefusedBeforeTheQueueIsFull() {
    FairQueue<String> queue = new FairQueue<>(10, 0.3, entry -> 1, entry -> false);
    offer(queue, "b", "b1");
    offer(queue, "a", "a1", "a2", "a3");
    assertEquals("a4", queue.offer("a", "a4"));
    assertNull(queue.offer("b", "b2"));
  }

  @Test
  void offer_full_whoHoldsMostGivesWayUntilAllHoldAlike() {
    FairQueue<String> queue = new FairQueue<>(4, 1, entry -> 1, entry -> false);
    offer(queue, "a", "a1", "a2", "a3", "a4");
    assertEquals("a4", queue.offer("b", "b1"));
    assertEquals("a3", queue.offer("b", "b2"));
    assertEquals("b3", queue.offer("b", "b3"));
    assertEquals("a3", queue.offer("a", "a3"));
    assertEquals("a2", queue.offer("c", "c1"));
    assertEquals(List.of("a1", "b1", "c1", "b2"), drain(queue));
  }

  @Test
  void offer_fullOfTakenEntries_refusesWhoComes() {
    FairQueue<String> queue = new FairQueue<>(2, 1, entry -> 1, entry -> false);
    offer(queue, "a", "a1", "a2");
    drain(queue);
    assertEquals("b1", queue.offer("b", "b1"));
    queue.close("a", "a");
    assertNull(queue.offer("b", "b1"));
  }

  @Test
  void offer_fullOfTakenEntriesThatWait_theNewestOfThemGivesWay() {
    FairQueue<String> queue = new FairQueue<>(3, 1, entry -> 1, entry -> entry.startsWith("idle"));
    offer(queue, "a", "idle 1", "idle 2", "busy");
    drain(queue);
    assertEquals("idle 2", queue.offer("b", "b1"));
    assertEquals("idle 1", queue.offer("c", "c1"));
    assertEquals("d1", queue.offer("d", "d1"), "what is being computed goes on");
    assertEquals(List.of("b1", "c1"), drain(queue));
    queue.close("a", "busy");
    assertEquals(2, open(queue, 3));
  }

  @Test
  void offer_heavyEntries_countAsSeveral() {
    FairQueue<String> queue = new FairQueue<>(6, 1, String::length, entry -> false);
    offer(queue, "a", "aa", "aaa");
    assertEquals(5, open(queue, 6));
    assertEquals("bb", queue.offer("a", "bb"));
    assertEquals("aaa", queue.offer("b", "bb"), "the newest of who holds most makes room");
    assertEquals("cccc", queue.offer("c", "cccc"), "its tenant would hold most");
    assertEquals(List.of("aa", "bb"), drain(queue));
    queue.close("a", "aa");
    queue.close("b", "bb");
    assertEquals(0, open(queue, 6));
    assertNull(queue.offer("a", "a long one"), "alone it fits, whatever its weight");
    assertFalse(queue.hasRoom(1));
  }

  @Test
  void take_outOfTurn_leavesTheRestInOrder() {
    FairQueue<String> queue = new FairQueue<>(10, 1, entry -> 1, entry -> false);
    offer(queue, "a", "a1", "a2", "a3");
    queue.take("a", "a2");
    queue.take("a", "nothing");
    assertEquals(List.of("a1", "a3"), drain(queue));
    queue.close("a", "a");
    queue.close("a", "a");
    queue.close("a", "a");
    assertEquals(0, open(queue, 10));
    assertThrows(IllegalStateException.class, () -> queue.close("a", "a"));
  }

  /** Nothing is lost, and nobody is refused who holds less than somebody whose entry waits. */
  @Test
  void offer_manyTenantsAtRandom_isBoundedAndFair() {
    Random random = new Random(3);
    for (int run = 0; run < 200; run++) {
      int bound = 1 + random.nextInt(12);
      boolean idle = random.nextBoolean();
      FairQueue<String> queue = new FairQueue<>(bound, 1, entry -> 1, entry -> idle);
      Map<String, Integer> open = new HashMap<>();
      Map<String, Integer> waiting = new HashMap<>();
      Set<String> taken = new HashSet<>();
      for (int i = 0; i < 300; i++) {
        String tenant = "" + (char) ('a' + random.nextInt(5));
        if (random.nextInt(3) > 0) {
          String entry = tenant + i;
          String refused = queue.offer(tenant, entry);
          String loser = refused == null ? "" : refused.substring(0, 1);
          if (!entry.equals(refused)) {
            open.merge(tenant, 1, Integer::sum);
            waiting.merge(tenant, 1, Integer::sum);
            if (refused != null) {
              open.merge(loser, -1, Integer::sum);
              waiting.merge(loser, taken.remove(refused) ? 0 : -1, Integer::sum);
            }
          } else {
            int own = open.getOrDefault(tenant, 0);
            assertTrue(
                waiting.entrySet().stream()
                    .filter(other -> other.getValue() > 0 || idle)
                    .allMatch(other -> open.getOrDefault(other.getKey(), 0) <= own + 1));
          }
        } else {
          String next = queue.take();
          if (next != null) {
            waiting.merge(next.substring(0, 1), -1, Integer::sum);
            if (random.nextBoolean()) {
              queue.close(next.substring(0, 1), next);
              open.merge(next.substring(0, 1), -1, Integer::sum);
            } else {
              taken.add(next);
            }
          }
        }
        assertEquals(open.values().stream().mapToInt(n -> n).sum(), open(queue, bound));
        assertTrue(queue.hasRoom(0));
      }
      assertEquals(waiting.values().stream().mapToInt(n -> n).sum(), drain(queue).size());
    }
  }

  /** What of its bound a queue has no room for. */
  private static int open(FairQueue<String> queue, int bound) {
    int open = 0;
    while (!queue.hasRoom(bound - open)) {
      open++;
    }
    return open;
  }

  private static void offer(FairQueue<String> queue, @Nullable String tenant, String... entries) {
    for (String entry : entries) {
      assertNull(queue.offer(tenant, entry));
    }
  }

  private static List<String> drain(FairQueue<String> queue) {
    List<String> taken = new ArrayList<>();
    for (String next = queue.take(); next != null; next = queue.take()) {
      taken.add(next);
    }
    return taken;
  }
}
