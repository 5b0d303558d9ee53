package dev.millrace.job.gateway;

import dev.millrace.model.swap.ReleaseLines;
import dev.millrace.model.weights.Digest;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.ReleaseLine;
import dev.millrace.schema.Request;
import dev.millrace.schema.wire.Names;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What can be asked for: the domains that have a release, as serving decides it. */
final class Catalogue {

  /** The base alone. */
  static final String BASE = Names.BASE;

  /** Of adapters and alignments. */
  private final ReleaseLines lines = new ReleaseLines();

  /** A release event came. */
  void take(ReleaseEvent event) {
    if (event.kind() != Kind.BASE) {
      lines.read(event);
    }
  }

  /**
   * Who is to answer.
   *
   * @param domain null where the release says it, or where the base alone answers
   * @param release null for the domain's current one
   */
  record Target(@Nullable String domain, @Nullable String release) {}

  /**
   * What a model's name stands for: {@code base}, a domain with a release that the tenant may see,
   * {@code auto}, or a release's id.
   *
   * @throws ApiProblem if it is none of them
   */
  Target target(@Nullable String tenant, String model) {
    if (model.equals(BASE)) {
      return new Target(null, null);
    }
    if (Digest.isSha256(model)) {
      return new Target(null, model);
    }
    Set<String> domains = domains(visible(tenant));
    if (model.equals(Request.AUTO) || domains.contains(model)) {
      return new Target(model, null);
    }
    throw ApiProblem.noModel(
        "model is %s, expected %s, %s, one of the domains %s, or a release's id"
            .formatted(model, BASE, Request.AUTO, domains));
  }

  /**
   * Who is to place media: {@code base}, or a domain, also one that has an alignment and no
   * adapter.
   *
   * @throws ApiProblem if it is neither
   */
  Target placing(@Nullable String tenant, String model) {
    if (model.equals(BASE)) {
      return new Target(null, null);
    }
    Set<String> domains = domains(visible(tenant));
    domains.addAll(domains(visible(Kind.ALIGNMENT, tenant)));
    if (domains.contains(model)) {
      return new Target(model, null);
    }
    String expected = "%s or one of the domains %s".formatted(BASE, domains);
    if (model.equals(Request.AUTO) || Digest.isSha256(model)) {
      throw ApiProblem.badField(
          "model", model, expected + ": a domain's current alignment places media");
    }
    throw ApiProblem.noModel("model is %s, expected %s".formatted(model, expected));
  }

  /**
   * The current events by which a tenant's domains answer: its own, else the shared one's, also
   * beside a shadow of its own that has no release before it.
   */
  List<ReleaseEvent> visible(@Nullable String tenant) {
    return visible(Kind.ADAPTER, tenant);
  }

  private List<ReleaseEvent> visible(Kind kind, @Nullable String tenant) {
    Map<String, ReleaseEvent> answering = new TreeMap<>();
    lines.followed().values().stream()
        .filter(event -> event.kind() == kind)
        .filter(event -> event.tenant() == null || event.tenant().equals(tenant))
        .filter(event -> !event.release().isEmpty())
        .forEach(
            event ->
                answering.merge(
                    event.domain(),
                    event,
                    (one, other) ->
                        one.tenant() == null ? answers(other, one) : answers(one, other)));
    return List.copyOf(answering.values());
  }

  private static ReleaseEvent answers(ReleaseEvent own, ReleaseEvent shared) {
    return own.answering().isEmpty() && own.withheld() >= 1 ? shared : own;
  }

  /** The current event of a domain that a tenant may see; null if there is none. */
  @Nullable ReleaseEvent current(@Nullable String tenant, String domain) {
    return visible(tenant).stream()
        .filter(event -> event.domain().equals(domain))
        .findFirst()
        .orElse(null);
  }

  /** What a domain follows that people hold at a release which answers; null if there is none. */
  @Nullable ReleaseEvent pin(String release) {
    return lines.pins().values().stream()
        .filter(event -> event.answering().equals(release))
        .findFirst()
        .orElse(null);
  }

  /** The current event of a tenant's own domain, if it names a release. */
  Optional<ReleaseEvent> own(@Nullable String tenant, String domain) {
    return Optional.ofNullable(lines.followed().get(new ReleaseLine(tenant, domain, Kind.ADAPTER)))
        .filter(event -> !event.release().isEmpty());
  }

  private static Set<String> domains(List<ReleaseEvent> events) {
    TreeSet<String> names = new TreeSet<>();
    events.forEach(event -> names.add(event.domain()));
    return names;
  }
}
