package dev.millrace.model.assign;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.millrace.model.assign.DomainFinder.Placed;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class DomainFinderTest {

  private static final int AGREE = 24;

  /** All tokens are as likely. */
  private static final KnownTexts KNOWN = KnownTexts.of(List.of(), 500);

  private final Random random = new Random(2);
  private final DomainFinder finder = new DomainFinder(KNOWN, AGREE);

  @Test
  void learn_moreDomainsThanAreKnown_theOneUnusedForLongestMakesRoom() {
    learnThose();
    name(0, DomainFinder.MOST_DOMAINS - 1);
    assertEquals(List.of(new Placed(1, "those")), finder.place(1, text(), 1, "found"));
    name(1_000, DomainFinder.MOST_DOMAINS - 1);
    assertEquals(List.of(new Placed(2, "those")), finder.place(2, text(), 1, "found"));
    name(2_000, DomainFinder.MOST_DOMAINS);
    assertEquals(List.of(), finder.place(3, text(), 1, "found"));
    assertNull(finder.leave(3));
    assertEquals(0, finder.changes().get("those").length);
  }

  @Test
  void restore_whatChangesTold_forgetsTheSameDomains() {
    learnThose();
    name(0, DomainFinder.MOST_DOMAINS - 1);
    assertEquals(1, finder.place(1, text(), 1, "found").size());
    Map<String, byte[]> kept = new TreeMap<>(finder.changes());
    DomainFinder restored = new DomainFinder(KNOWN, AGREE);
    kept.forEach(restored::restore);
    List<int[]> texts = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      texts.add(text());
      finder.learn("new-" + i % 20, texts.get(i));
      restored.learn("new-" + i % 20, texts.get(i));
    }
    Map<String, byte[]> expected = finder.changes();
    Map<String, byte[]> found = restored.changes();
    assertEquals(expected.keySet(), found.keySet());
    expected.forEach((name, bytes) -> assertArrayEquals(bytes, found.get(name), name));
    assertEquals(20, found.values().stream().filter(bytes -> bytes.length == 0).count());
  }

  @Test
  void place_copiesOfOneText_openNoDomain() {
    int[] copied = text();
    for (int i = 0; i < 2 * AGREE; i++) {
      assertEquals(List.of(), finder.place(i, copied.clone(), 1, "found"));
    }
    List<Placed> placed = List.of();
    for (int i = 0; i < AGREE - 1; i++) {
      placed = finder.place(100 + i, text(), 1, "found");
    }
    assertEquals("found", placed.get(0).domain());
  }

  @Test
  void place_oneOfThoseThatOpenADomainAgreesWithNone_neitherItNorItsLikeAreOfTheDomain() {
    assertEquals(List.of(), finder.place(0, alone(), 1, "found"));
    List<Placed> placed = List.of();
    for (int i = 1; i < AGREE; i++) {
      assertEquals(List.of(), placed);
      placed = finder.place(i, text(), 1, "found");
    }
    assertFalse(placed.isEmpty());
    assertFalse(placed.contains(new Placed(0, "found")));
    assertEquals(List.of(), finder.place(AGREE, alone(), 1, "found"));
    assertNull(finder.leave(AGREE));
  }

  @Test
  void place_fewerAgreeThanMakeADomainKnown_openNone() {
    DomainFinder least = new DomainFinder(KNOWN, DomainFinder.LEAST_AGREE);
    least.place(0, alone(), 1, "found");
    for (int i = 1; i < DomainFinder.LEAST_AGREE; i++) {
      assertEquals(List.of(), least.place(i, text(), 1, "found"));
    }
    assertEquals(Map.of(), least.changes());
    assertFalse(least.place(DomainFinder.LEAST_AGREE, text(), 1, "found").isEmpty());
    assertNull(least.leave(0));
  }

  @Test
  void room_ofThoseThatWait_isTheirs() {
    finder.waits(1, text(), 3);
    assertEquals(List.of(), finder.place(2, text(), 64, "found"));
    assertEquals(67, finder.room());
    assertNull(finder.leave(2));
    assertEquals(3, finder.room());
  }

  private void learnThose() {
    for (int i = 0; i < TextGroup.MOST; i++) {
      finder.learn("those", text());
    }
  }

  /** Domains of a text each that is like nothing. */
  private void name(int from, int count) {
    for (int i = 0; i < count; i++) {
      finder.learn("domain-" + (from + i), random.ints(30, 100, 500).toArray());
    }
  }

  /** In a script of its own, of which a few tokens write everything. */
  private int[] alone() {
    return random.ints(90, 400, 405).toArray();
  }

  /** One of those. */
  private int[] text() {
    return random.ints(30, 0, 20).toArray();
  }
}
