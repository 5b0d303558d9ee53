package dev.millrace.job.operator.gather;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MetTenantsTest {

  /** Names that somebody makes up must not pile up behind those who wait. */
  @Test
  void meet_asManyStayAsAreRemembered_noMoreAreRememberedBesideThem() {
    MetTenants met = new MetTenants();
    Set<String> remembered = new HashSet<>();
    for (int i = 0; i < 8 * MetTenants.MOST; i++) {
      String tenant = (i < MetTenants.MOST ? "stays" : "t") + i;
      remembered.add(tenant);
      remembered.removeAll(met.meet(tenant, false, who -> who.startsWith("stays")));
    }
    assertTrue(remembered.size() <= 2 * MetTenants.MOST, remembered.size() + " tenants");
  }
}
