package dev.millrace.job.gateway;

import dev.millrace.model.swap.SwapRule;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.Request;
import dev.millrace.schema.wire.Names;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What can be asked for: the domains that have a release, as serving decides it. */
final class Catalogue {

  /** The base alone. */
  static final String BASE = Names.BASE;

  private static final int RELEASE_CHARACTERS = 64;

  private record Alias(@Nullable String tenant, String domain) {}

  private final Map<Alias, ReleaseEvent> current = new ConcurrentHashMap<>();
  private final Map<Alias, ReleaseEvent> aligned = new ConcurrentHashMap<>();

  /** A release event came. */
  void take(ReleaseEvent event) {
    if (event.kind() == Kind.BASE) {
      return;
    }
    Map<Alias, ReleaseEvent> line = event.kind() == Kind.ALIGNMENT ? aligned : current;
    Alias alias = new Alias(event.tenant(), event.domain());
    ReleaseEvent now = line.get(alias);
    if (SwapRule.reasonNotToFollow(event, now) == null) {
      line.put(alias, SwapRule.followed(event, now));
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
    if (isRelease(model)) {
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
    domains.addAll(domains(visible(aligned, tenant)));
    if (domains.contains(model)) {
      return new Target(model, null);
    }
    String expected = "%s or one of the domains %s".formatted(BASE, domains);
    if (model.equals(Request.AUTO) || isRelease(model)) {
      throw ApiProblem.badField(
          "model", model, expected + ": a domain's current alignment places media");
    }
    throw ApiProblem.noModel("model is %s, expected %s".formatted(model, expected));
  }

  private static boolean isRelease(String model) {
    return model.length() == RELEASE_CHARACTERS && model.chars().allMatch(Catalogue::isHex);
  }

  private static boolean isHex(int c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  }

  /** The current events by which a tenant's domains answer: its own, else the shared one's. */
  List<ReleaseEvent> visible(@Nullable String tenant) {
    return visible(current, tenant);
  }

  private static List<ReleaseEvent> visible(
      Map<Alias, ReleaseEvent> line, @Nullable String tenant) {
    Map<String, ReleaseEvent> answering = new TreeMap<>();
    line.values().stream()
        .filter(event -> event.tenant() == null || event.tenant().equals(tenant))
        .filter(event -> !event.release().isEmpty())
        .forEach(
            event ->
                answering.merge(
                    event.domain(), event, (one, other) -> one.tenant() == null ? other : one));
    return List.copyOf(answering.values());
  }

  /** The current event of a domain that a tenant may see; null if there is none. */
  @Nullable ReleaseEvent current(@Nullable String tenant, String domain) {
    return visible(tenant).stream()
        .filter(event -> event.domain().equals(domain))
        .findFirst()
        .orElse(null);
  }

  /** The pin that holds a domain at a release; null if none does. */
  @Nullable ReleaseEvent pin(String release) {
    return Stream.of(current, aligned)
        .flatMap(line -> line.values().stream())
        .filter(event -> event.action() == Action.PIN && event.release().equals(release))
        .findFirst()
        .orElse(null);
  }

  /** The current event of a tenant's own domain, if it names a release. */
  Optional<ReleaseEvent> own(@Nullable String tenant, String domain) {
    return Optional.ofNullable(current.get(new Alias(tenant, domain)))
        .filter(event -> !event.release().isEmpty());
  }

  private static Set<String> domains(List<ReleaseEvent> events) {
    TreeSet<String> names = new TreeSet<>();
    events.forEach(event -> names.add(event.domain()));
    return names;
  }
}
