package dev.millrace.schema;

import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * A domain's releases of one kind, which their topic keeps apart from all others.
 *
 * @param tenant null for a shared domain
 */
public record ReleaseLine(@Nullable String tenant, String domain, ReleaseEvent.Kind kind)
    implements Comparable<ReleaseLine> {

  private static final Comparator<ReleaseLine> ORDER =
      Comparator.comparing(ReleaseLine::ofDomain).thenComparing(ReleaseLine::kind);

  /** {@code TENANT|DOMAIN|KIND}, the tenant empty where the domain is shared. */
  public String key() {
    return ofDomain() + "|" + kind;
  }

  private String ofDomain() {
    return (tenant == null ? "" : tenant) + "|" + domain;
  }

  /** What people call the domain: {@code TENANT/DOMAIN}, or a shared one by itself. */
  public String name() {
    return tenant == null ? domain : tenant + "/" + domain;
  }

  /** The same in words, beside what else the domain has. */
  public String inWords() {
    String whose = "domain " + domain + (tenant == null ? "" : " of tenant " + tenant);
    return switch (kind) {
      case ADAPTER -> whose;
      case ALIGNMENT -> "the alignment of " + whose;
      case BASE -> "the line of bases";
    };
  }

  @Override
  public int compareTo(ReleaseLine other) {
    return ORDER.compare(this, other);
  }
}
