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
  void pin_ofAnotherTenantOrKind_isNamedBesideWhatWasMeant() {
    SortedMap<ReleaseLine, ReleaseEvent> pins = new TreeMap<>();
    pins.put(OF_ACME.line(), OF_ACME);
    pins.put(ALIGNMENT.line(), ALIGNMENT);
    assertSame(OF_ACME, OrderCommands.Unpin.pin(pins, OF_ACME.line()));
    String others =
        ", expected one that is: domain legal of tenant acme, the alignment of domain stamps";
    assertEquals("domain legal is not pinned" + others, problem(pins, "legal"));
    assertEquals("domain stamps is not pinned" + others, problem(pins, "stamps"));
    assertEquals(
        "domain legal is not pinned, expected a domain that is: none is",
        problem(new TreeMap<>(), "legal"));
  }

  private static String problem(SortedMap<ReleaseLine, ReleaseEvent> pins, String domain) {
    ReleaseLine line = new ReleaseLine(null, domain, Kind.ADAPTER);
    return String.valueOf(
        assertThrows(IllegalArgumentException.class, () -> OrderCommands.Unpin.pin(pins, line))
            .getMessage());
  }
}
