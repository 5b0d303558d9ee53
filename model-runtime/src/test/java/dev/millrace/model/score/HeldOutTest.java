package dev.millrace.model.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HeldOutTest {

  private static List<String> heldOut(HeldOut split, String tenant, String domain) {
    return IntStream.range(0, 10_000)
        .mapToObj(i -> "doc" + i)
        .filter(document -> split.contains(tenant, domain, document))
        .toList();
  }

  @Test
  void contains_manyDocuments_isOneInEveryNth() {
    int size = heldOut(new HeldOut("salt", 10), "t", "d").size();
    assertTrue(size > 880 && size < 1120, size + " of 10000");
  }

  @Test
  void contains_otherSaltTenantOrDomain_isAnotherSplit() {
    List<String> split = heldOut(new HeldOut("salt", 10), "t", "d");
    assertEquals(split, heldOut(new HeldOut("salt", 10), "t", "d"));
    assertNotEquals(split, heldOut(new HeldOut("pepper", 10), "t", "d"));
    assertNotEquals(split, heldOut(new HeldOut("salt", 10), "u", "d"));
    assertNotEquals(split, heldOut(new HeldOut("salt", 10), "t", "e"));
    assertNotEquals(split, heldOut(new HeldOut("saltt", 10), "", "d"));
  }

  @Test
  void name_otherSaltOrShare_isAnotherAndNoneTellsTheSalt() {
    String name = new HeldOut("pepper", 10).name();
    assertEquals(name, new HeldOut("pepper", 10).name());
    assertNotEquals(name, new HeldOut("Pepper", 10).name());
    assertNotEquals(name, new HeldOut("pepper", 11).name());
    assertFalse(name.contains("pepper"), name);
    Locale before = Locale.getDefault(Locale.Category.FORMAT);
    try {
      Locale.setDefault(Locale.Category.FORMAT, Locale.forLanguageTag("ar-EG-u-nu-arab"));
      assertEquals(name, new HeldOut("pepper", 10).name());
    } finally {
      Locale.setDefault(Locale.Category.FORMAT, before);
    }
  }

  @Test
  void new_everyDocumentHeldOut_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> new HeldOut("salt", 1));
  }
}
