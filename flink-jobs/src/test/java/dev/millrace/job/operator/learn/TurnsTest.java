package dev.millrace.job.operator.learn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.UnpublishedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class TurnsTest {

  private final List<String> said = new ArrayList<>();
  private final Turns turns = new Turns(2, said::add);

  @Test
  void next_keyIsHeld_allThatIsItsOwnWaitsAndOthersKeepTheirOrder() throws Exception {
    add("a", "b", "a", "c");
    assertEquals("a", next());
    assertEquals("a", turns.hold("a", away(), 0));
    assertEquals(List.of("b", "c"), List.of(ended(), ended()));
    assertNull(next());
    turns.release("a");
    assertEquals("a", next());
    assertEquals(1, turns.held(), "a try may last, and be in vain again");
    assertEquals(List.of("a", "a"), List.of(ended(), ended()));
    assertEquals(0, turns.size());
    assertEquals(0, turns.held());
  }

  @Test
  void next_asManyUnpublishedAsAreKept_onlyThoseAndOrdersHaveTheirTurns() throws Exception {
    for (int i = 0; i < Turns.MOST_UNPUBLISHED; i++) {
      add("full " + i);
      next();
      turns.hold("full " + i, unpublished(), 0);
    }
    add("other", "ordered");
    assertNull(next());
    assertEquals("ordered", turns.next(key -> key.equals("ordered")));
    turns.release("full 1");
    assertEquals("full 1", next());
    assertNotNull(turns.takeUnpublished("full 1"));
    assertNull(turns.takeUnpublished("full 1"));
    assertEquals("full 1", turns.end(0));
    assertEquals("other", next());
  }

  @Test
  void isFull_someWaitForTheStore_theyHaveRoomOfTheirOwnUntilTheyGoOn() throws Exception {
    add("a");
    next();
    turns.hold("a", away(), 0);
    for (int i = 1; i < 2 * Turns.MOST_WAITING; i++) {
      add("a");
    }
    add("b", "b");
    assertFalse(turns.isFull());
    add("b");
    assertTrue(turns.isFull(), "more wait for others than may");
    assertEquals("b", ended());
    assertFalse(turns.isFull());
    add("a");
    assertTrue(turns.isFull(), "more wait for the store than may");
    turns.release("a");
    while (!"a".equals(next())) {
      ended();
    }
    ended();
    assertEquals(2, said.size(), said.toString());
    assertTrue(turns.isFull(), "those of a wait for nothing but their turns now");
  }

  @Test
  void end_twoTenantsHaveADomainOfOneName_saysWhoseGoesOn() throws Exception {
    add("a\0notes", "b\0notes");
    for (int i = 0; i < 2; i++) {
      next();
      turns.hold("notes waits", away(), 0);
    }
    turns.release("b\0notes");
    assertEquals("b\0notes", ended());
    assertEquals("b/notes goes on after 0 s", said.get(said.size() - 1));
  }

  private void add(String... keys) {
    List.of(keys).forEach(turns::add);
  }

  private @Nullable String next() throws Exception {
    return turns.next(key -> false);
  }

  private String ended() throws Exception {
    next();
    return turns.end(0);
  }

  private static UncheckedIOException away() {
    return new UncheckedIOException(new IOException("the store is away"));
  }

  private static UnpublishedException unpublished() {
    return new UnpublishedException(
        away(),
        () -> {
          throw away();
        });
  }
}
