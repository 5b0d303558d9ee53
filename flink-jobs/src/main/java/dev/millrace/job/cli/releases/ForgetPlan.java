package dev.millrace.job.cli.releases;

import dev.millrace.adapter.Predecessor;
import dev.millrace.adapter.Rebaser;
import dev.millrace.job.cli.releases.FoundSamples.Found;
import dev.millrace.job.releases.Forgetting;
import dev.millrace.job.releases.Heads;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.model.release.Manifest;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.ReleaseLine;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What domains are told so that they forget samples.
 *
 * @param found of the samples, those on their topic
 * @param events of the topic of releases, in order
 */
record ForgetPlan(Forgetting forgetting, FoundSamples found, List<ReleaseEvent> events) {

  /** Why a domain is taken back. */
  static final String REASON = "samples to be forgotten";

  /** When a domain is pinned again. */
  enum Pin {
    NEVER,
    /** It is pinned to what knows of none of the samples: there is nothing to wait for. */
    AT_ONCE,
    /** To what learn puts in the place of what it was pinned to. */
    AFTERWARDS
  }

  /**
   * What becomes of a domain.
   *
   * @param from the release that answers; empty is the base
   * @param to the release that it goes back to, the same if that one knows of none; null is the
   *     base
   */
  record Change(
      @Nullable String tenant,
      String domain,
      Kind kind,
      String from,
      @Nullable String to,
      Pin pin) {

    ReleaseLine line() {
      return new ReleaseLine(tenant, domain, kind);
    }

    Change unpinned() {
      return new Change(tenant, domain, kind, from, to, Pin.NEVER);
    }

    boolean stays() {
      return from.equals(to == null ? "" : to);
    }
  }

  /**
   * Every domain that has releases which know of a sample, or where one may wait.
   *
   * @throws IllegalArgumentException if the topic does not tell what becomes of one
   */
  SortedMap<ReleaseLine, Change> changes() {
    requireNamed();
    Map<ReleaseLine, ReleaseEvent> followed = Heads.followed(events);
    followed.keySet().removeIf(line -> line.kind() == Kind.BASE);
    Map<ReleaseLine, ReleaseEvent> orders = orders(events);
    SortedMap<ReleaseLine, Change> changes = new TreeMap<>();
    for (ReleaseLine line : told(followed.keySet())) {
      changes.put(line, change(line, followed.get(line), orders.get(line)));
    }
    return changes;
  }

  /**
   * Whether there is something that a domain learns again: what no forgotten sample is, and a
   * release knows that is taken back, or a shadow.
   */
  boolean learnsAgain(Change change) {
    ReleaseEvent event = Heads.followed(events).get(change.line());
    String id = event == null || change.kind() != Kind.ADAPTER ? null : event.release();
    while (id != null && !id.isEmpty() && !id.equals(change.to())) {
      Manifest manifest = forgetting.stored().byId().get(id);
      if (manifest == null) {
        return true; // nobody can tell
      }
      if (manifest.fresh().anyMatch(taught -> !forgetting.samples().contains(taught.sample()))) {
        return true;
      }
      id = manifest.parent();
    }
    return false;
  }

  /** What people said of each line last. */
  static Map<ReleaseLine, ReleaseEvent> orders(List<ReleaseEvent> events) {
    Map<ReleaseLine, ReleaseEvent> orders = new HashMap<>();
    events.stream().filter(ReleaseEvent::isOrder).forEach(order -> orders.put(order.line(), order));
    return orders;
  }

  /**
   * What a domain is pinned to again; null if that is none: nobody ordered that a shadow answers.
   *
   * @param release that it was taught last; null for none
   */
  static @Nullable String pinnable(
      List<ReleaseEvent> events, ReleaseLine line, @Nullable String release) {
    ReleaseEvent at = Heads.followed(events).get(line);
    boolean shadow = at != null && at.release().equals(release) && at.withheld() >= 1;
    return shadow ? null : release;
  }

  /** Ids that neither the samples' topic nor a release knows, sorted. */
  List<String> unknown() {
    Set<String> unknown = new TreeSet<>(forgetting.samples());
    found.samples().forEach(sample -> unknown.remove(sample.id()));
    return unlearned(unknown);
  }

  /** Ids of samples on their topic that name no domain, and that no release knows, sorted. */
  List<String> unplaced() {
    return unlearned(
        found.samples().stream()
            .filter(sample -> sample.domain() == null)
            .map(Found::id)
            .collect(Collectors.toCollection(TreeSet::new)));
  }

  private List<String> unlearned(Set<String> ids) {
    forgetting
        .stored()
        .byId()
        .values()
        .forEach(manifest -> manifest.learned().forEach(sample -> ids.remove(sample.sample())));
    return List.copyOf(ids);
  }

  /** A topic that knows nothing of a domain is not that of the store, or cannot be read. */
  private void requireNamed() {
    Set<ReleaseLine> named = events.stream().map(ReleaseEvent::line).collect(Collectors.toSet());
    for (String id : forgetting.descendantsFirst()) {
      Manifest manifest = forgetting.stored().manifest(id);
      if (!named.contains(manifest.line())) {
        throw new IllegalArgumentException(
            "release %s knows of them, and no event on the topic names its domain %s (%s), expected the topic of %s"
                .formatted(id, manifest.domain(), manifest.kind(), forgetting.stored().store()));
      }
    }
  }

  /**
   * @param onTopic the lines that have events
   */
  private Set<ReleaseLine> told(Set<ReleaseLine> onTopic) {
    Set<ReleaseLine> told = new HashSet<>();
    for (String id : forgetting.affected()) {
      Manifest manifest = forgetting.stored().manifest(id);
      if (manifest.kind() != Kind.BASE) {
        told.add(manifest.line());
      }
    }
    Set<ReleaseLine> known = new HashSet<>(onTopic);
    known.addAll(found.lines());
    Set<String> gone = new HashSet<>(forgetting.samples());
    for (Found sample : found.samples()) {
      gone.remove(sample.id());
      known.stream()
          .filter(sample::mayBeOf)
          .map(line -> FoundSamples.lines(line.tenant(), line.domain(), sample.media()))
          .forEach(told::addAll);
    }
    if (!gone.isEmpty()) { // nobody can tell whose they were
      told.addAll(known);
    }
    return told;
  }

  /**
   * @param event that the line follows; null if it has none
   * @param order what people said of it last; null if they said nothing
   */
  private Change change(
      ReleaseLine line, @Nullable ReleaseEvent event, @Nullable ReleaseEvent order) {
    String from = event == null ? "" : event.answering();
    if (!from.isEmpty() && !forgetting.stored().byId().containsKey(from)) {
      throw new IllegalArgumentException(
          "domain %s is at release %s, which is not in %s, expected it there: what it knows nobody can tell"
              .formatted(line.domain(), from, forgetting.stored().store()));
    }
    String to = from.isEmpty() ? null : back(line, from);
    if (!from.isEmpty() && to == null && !forgetting.isWhole(from)) { // learn could not obey
      throw new IllegalArgumentException(
          "domain %s is at release %s, which knows of them and whose ancestors are not all in %s, expected them there, or another release after releases rollback"
              .formatted(line.domain(), from, forgetting.stored().store()));
    }
    return new Change(line.tenant(), line.domain(), line.kind(), from, to, pin(order, from, to));
  }

  /**
   * Where a domain goes back to. A tenant's release whose successor was still compared never
   * answered: the shared one did. To name it would have it answer, compared with nothing.
   */
  private @Nullable String back(ReleaseLine line, String from) {
    String to = forgetting.lastUnaffected(from);
    if (line.tenant() == null
        || to == null
        || to.equals(from)
        || Rebaser.isRebased(forgetting.stored().manifest(to))) {
      return to;
    }
    return isCompared(successor(to, from)) ? null : to;
  }

  private Manifest successor(String release, String last) {
    Manifest found = forgetting.stored().manifest(last);
    while (!release.equals(found.parent())) {
      found = forgetting.stored().manifest(Objects.requireNonNull(found.parent()));
    }
    return found;
  }

  private static boolean isCompared(Manifest manifest) {
    return manifest.verdict().stream().anyMatch(rule -> rule.rule().equals(Predecessor.RULE));
  }

  private static Pin pin(@Nullable ReleaseEvent order, String from, @Nullable String to) {
    if (order == null || !order.pins()) {
      return Pin.NEVER;
    }
    return order.action() == Action.PIN && from.equals(to) ? Pin.AT_ONCE : Pin.AFTERWARDS;
  }

  /**
   * Fails unless all domains that have releases which know of the samples were told, and none of
   * these releases may answer.
   *
   * @param told that were told
   */
  static void requireObeyed(
      Forgetting forgetting, List<ReleaseEvent> events, Set<ReleaseLine> told) {
    StoredReleases stored = forgetting.stored();
    Set<String> knowing = forgetting.affected();
    for (String id : knowing) {
      ReleaseLine line = stored.manifest(id).line();
      if (line.kind() != Kind.BASE && !told.contains(line)) {
        throw new IllegalStateException(
            "domain %s has learned them meanwhile, by release %s: run this again"
                .formatted(line.domain(), id));
      }
    }
    for (ReleaseEvent event : Heads.followed(events).values()) {
      for (String release : List.of(event.release(), event.answering())) {
        boolean isGone = !release.isEmpty() && !stored.byId().containsKey(release);
        if (knowing.contains(release) || (isGone && told.contains(event.line()))) {
          throw new IllegalStateException(
              "domain %s is at release %s, expected one in %s that does not know of them"
                  .formatted(event.domain(), release, stored.store()));
        }
      }
    }
  }
}
