package dev.millrace.job.cli.releases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.job.StreamRecords;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.ReleaseLine;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class OrderCommandsTest {

  private static final ReleaseEvent OF_ACME =
      StreamRecords.ofTenant("acme", StreamRecords.event("legal", Action.PIN, "a", 0, 0));
  private static final ReleaseEvent ALIGNMENT =
      StreamRecords.event("stamps", Kind.ALIGNMENT, Action.PIN, "b", null, 0, 1);

  @Test
  void pin_ofAnotherTenant_isNamedBesideWhatWasMeant() {
    SortedMap<ReleaseLine, ReleaseEvent> pins = new TreeMap<>();
    pins.put(OF_ACME.line(), OF_ACME);
    pins.put(ALIGNMENT.line(), ALIGNMENT);
    assertSame(OF_ACME, OrderCommands.Unpin.pin(pins, OF_ACME.line()));
    String others = ", expected one that is: domain legal of tenant acme";
    assertEquals("domain legal is not pinned" + others, problem(pins, "legal", Kind.ADAPTER));
    assertEquals("domain stamps is not pinned" + others, problem(pins, "stamps", Kind.ADAPTER));
    assertEquals(
        "the alignment of domain legal is not pinned, expected one that is: the alignment of domain stamps",
        problem(pins, "legal", Kind.ALIGNMENT));
  }

  /** Whoever asks about one kind cannot unpin the other with what is named. */
  @Test
  void pin_onlyOfTheOtherKind_isNotNamed() {
    SortedMap<ReleaseLine, ReleaseEvent> pins = new TreeMap<>();
    pins.put(OF_ACME.line(), OF_ACME);
    assertEquals(
        "the alignment of domain legal is not pinned, expected an alignment that is: none is",
        problem(pins, "legal", Kind.ALIGNMENT));
    assertEquals(
        "domain legal is not pinned, expected a domain that is: none is",
        problem(new TreeMap<>(), "legal", Kind.ADAPTER));
  }

  private static String problem(
      SortedMap<ReleaseLine, ReleaseEvent> pins, String domain, Kind kind) {
    ReleaseLine line = new ReleaseLine(null, domain, kind);
    return String.valueOf(
        assertThrows(IllegalArgumentException.class, () -> OrderCommands.Unpin.pin(pins, line))
            .getMessage());
  }
}
