package dev.millrace.job.operator.gather;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The tenants that a subtask remembers: so many of whom a domain is known, and so many others. Of
 * too many, those that were met longest ago are to be forgotten; names that come but once drive out
 * no tenant that is known.
 */
final class MetTenants {

  /** Of either sort. */
  static final int MOST = 4_096;

  /** One more than a tenant that is met adds. */
  private static final int LOOKS = 2;

  private final Set<String> known = new LinkedHashSet<>();
  private final Set<String> others = new LinkedHashSet<>();

  /**
   * Takes note of a tenant that is met.
   *
   * @param isKnown whether a domain of it is known
   * @param stays says who cannot be forgotten now
   * @return whom to forget
   */
  List<String> meet(String tenant, boolean isKnown, Predicate<String> stays) {
    known.remove(tenant);
    others.remove(tenant);
    Set<String> line = isKnown ? known : others;
    line.add(tenant);
    return tooMany(line, stays);
  }

  /** Who stays has the last place then. */
  private static List<String> tooMany(Set<String> line, Predicate<String> stays) {
    List<String> forgotten = new ArrayList<>();
    for (int look = 0; look < LOOKS && line.size() > MOST; look++) {
      String oldest = line.iterator().next();
      line.remove(oldest);
      if (stays.test(oldest)) {
        line.add(oldest);
      } else {
        forgotten.add(oldest);
      }
    }
    return forgotten;
  }
}
