package dev.millrace.job.console;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.model.swap.SwapRule;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import dev.millrace.schema.RuleFigures;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Sample;
import dev.millrace.schema.Verdict;
import dev.millrace.schema.wire.Shortened;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Keeps what all topics say; its methods may be called by any thread. */
final class Ledger {

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final int REFUSED = 30;
  private static final int RELEASES = 60;
  private static final int LATENCIES = 600;
  private static final int UNDER_WAY = 20_000;
  private static final int TEXT = 160;
  private static final int DEPTH = 1_000;
  private static final int NAMED = 20;
  private static final int MOST_DOMAINS = 300;
  private static final int MOST_RELEASES = 10_000;

  /** Of what a verdict says, in bytes or so: several times what a gate finds. */
  private static final int MOST_SAID = 1 << 15;

  /** What a name or a figure takes beside its text. */
  private static final int ENTRY = 64;

  /** What the reasons begin with for which serve cannot open a release. */
  private static final String OF_A_RELEASE = "release-";

  private record Refusal(long at, Rejection rejection) {}

  private record Event(long at, ReleaseEvent event) {}

  private record Latency(long at, long millis) {}

  private final Map<String, Flow> flows = new TreeMap<>();

  /** The least recently active first. */
  private final Map<String, DomainLedger> domains = new LinkedHashMap<>(16, 0.75f, true);

  private final Latest<ReleaseEvent> seen = new Latest<>(MOST_RELEASES);
  private final Latest<ReleaseEvent> published = new Latest<>(MOST_RELEASES);
  private final Latest<Verdict> passed = new Latest<>(MOST_RELEASES);

  /** Where the event stands of a release that serving could not open, by its id. */
  private final Latest<Origin> unopened = new Latest<>(MOST_RELEASES);

  private final Map<String, Long> from = new TreeMap<>();
  private final Window<Refusal> refusals = new Window<>(REFUSED);
  private final Window<Event> releases = new Window<>(RELEASES);
  private final Window<Latency> latencies = new Window<>(LATENCIES);

  /** When what has no answer yet was asked. */
  private final Latest<Long> asked = new Latest<>(UNDER_WAY);

  private long failed;

  synchronized void sample(Sample sample, long at) {
    flow("samples", at);
    if (sample.domain() != null) {
      domain(sample.tenant(), sample.domain()).sample();
    }
  }

  /** A rejection does not say whose it is: it counts for the shared domain, or the only one. */
  synchronized void rejection(Rejection rejection, long at) {
    flow("rejected", at);
    refusals.add(new Refusal(at, rejection));
    if (rejection.id() != null && rejection.reason().startsWith(OF_A_RELEASE)) {
      unopened.put(rejection.id(), rejection.origin());
    }
    String domain = rejection.domain();
    if (domain != null) {
      refusing(domain).rejection(rejection);
    }
  }

  private DomainLedger refusing(String domain) {
    return domains.containsKey(alias(null, domain))
        ? domain(null, domain)
        : domains.values().stream()
            .filter(known -> known.is(domain))
            .findFirst()
            .orElseGet(() -> domain(null, domain));
  }

  synchronized void verdict(Verdict verdict, long at) {
    flow("verdicts", at);
    if (verdict.release() != null && !verdict.onAnOrder()) {
      passed.put(verdict.release(), kept(verdict));
    }
    if (verdict.kind() != ReleaseEvent.Kind.BASE) { // of no domain
      domain(verdict.tenant(), verdict.domain()).verdict(verdict, at);
    }
  }

  /**
   * Without the qualities and the experts' shares, which are many and shown at once; and without
   * the rules where they say more than any gate's would, for whoever may write to the topic may
   * write thousands of such.
   */
  private static Verdict kept(Verdict v) {
    List<RuleResult> rules = v.rules().stream().map(Ledger::withoutExperts).toList();
    return new Verdict(
        v.tenant(),
        v.domain(),
        v.batch(),
        v.release(),
        v.parent(),
        v.accepted(),
        said(rules) > MOST_SAID ? List.of() : rules,
        v.samples(),
        v.tokens(),
        v.trainMillis(),
        List.of(),
        v.kind());
  }

  private static RuleResult withoutExperts(RuleResult r) {
    return new RuleResult(r.rule(), r.passed(), r.reason(), RuleFigures.single(r.figures()));
  }

  private static long said(List<RuleResult> rules) {
    return rules.stream().mapToLong(Ledger::said).sum();
  }

  private static long said(RuleResult rule) {
    return ENTRY
        + rule.rule().length()
        + rule.reason().length()
        + rule.figures().keySet().stream().mapToLong(name -> ENTRY + name.length()).sum();
  }

  /** The verdict by which a release was published. */
  synchronized @Nullable Verdict verdictOf(String release) {
    return passed.get(release);
  }

  synchronized void release(ReleaseEvent said, long at) {
    ReleaseEvent event = said.forgetting(List.of()); // no ids: up to 5 MB for each release
    flow("releases", at);
    releases.add(new Event(at, event));
    if (!event.release().isEmpty()) { // else it is the base that answers
      seen.put(event.release(), event);
      if (event.action() == ReleaseEvent.Action.PUBLISH) {
        published.put(event.release(), event);
      }
    }
    if (event.kind() == ReleaseEvent.Kind.BASE) {
      return; // of no domain
    }
    DomainLedger domain = domain(event.tenant(), event.domain());
    if (event.kind() == ReleaseEvent.Kind.ADAPTER) {
      domain.release(SwapRule.after(event, domain.current()));
    }
  }

  synchronized void request(Request request, long at) {
    flow("requests", at);
    asked.put(request.id(), at);
  }

  synchronized void answer(Answer answer, long at) {
    flow("answers", at);
    from.merge(answer.source().toLowerCase(Locale.ROOT), 1L, Long::sum);
    failed += answer.error() == null ? 0 : 1;
    if (answer.release() != null) {
      unopened.remove(answer.release());
    }
    Long began = asked.peek(answer.request());
    if (began != null) {
      asked.remove(answer.request());
      latencies.add(new Latency(at, Math.max(0, at - began)));
    }
  }

  /** The last event that named a release. */
  synchronized @Nullable ReleaseEvent named(String release) {
    return seen.get(release);
  }

  /**
   * The last publication of a release, or if there is none the last event that named it: an order
   * may name a place of its writer's machine.
   */
  synchronized @Nullable ReleaseEvent published(String release) {
    ReleaseEvent event = published.get(release);
    return event == null ? named(release) : event;
  }

  /** How many domains have a current release that serving could not open, nor answered by since. */
  synchronized int unserved() {
    return (int)
        domains.values().stream()
            .map(DomainLedger::current)
            .filter(current -> current != null && isUnopened(current))
            .count();
  }

  private boolean isUnopened(ReleaseEvent event) {
    return event.origin().equals(unopened.get(event.release()));
  }

  private void flow(String topic, long at) {
    flows.computeIfAbsent(topic, name -> new Flow()).add(at);
  }

  private DomainLedger domain(@Nullable String tenant, String domain) {
    String alias = alias(tenant, domain);
    if (domains.size() == MOST_DOMAINS && !domains.containsKey(alias)) {
      makeRoom();
    }
    return domains.computeIfAbsent(alias, name -> new DomainLedger(tenant, domain));
  }

  private static String alias(@Nullable String tenant, String domain) {
    return Objects.requireNonNullElse(tenant, "") + "|" + domain;
  }

  /** Whoever sends samples may name any domain: one that has no release goes first. */
  private void makeRoom() {
    String goes =
        domains.entrySet().stream()
            .filter(known -> known.getValue().current() == null)
            .map(Map.Entry::getKey)
            .findFirst()
            .orElseGet(() -> domains.keySet().iterator().next());
    domains.remove(goes);
  }

  /** All of it, as the page reads it. */
  synchronized ObjectNode picture(long now) {
    ObjectNode picture = JSON.objectNode().put("now", now).put("failed", failed);
    ObjectNode topics = picture.putObject("topics");
    flows.forEach(
        (name, flow) ->
            topics.putObject(name).put("count", flow.count()).put("rate", flow.rate(now)));
    ArrayNode ledgers = picture.putArray("domains");
    domains.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(known -> ledgers.add(known.getValue().picture()));
    ObjectNode levels = picture.putObject("from");
    from.forEach(levels::put);
    refusals(picture.putArray("refused"));
    events(picture.putArray("releases"));
    latencies(picture.putObject("latency"));
    return picture;
  }

  private void refusals(ArrayNode array) {
    for (Refusal refusal : refusals.entries()) {
      Rejection rejection = refusal.rejection;
      array
          .addObject()
          .put("at", refusal.at)
          .put("id", rejection.id())
          .put("domain", rejection.domain())
          .put("reason", rejection.reason())
          .put("detail", Shortened.of(rejection.detail(), TEXT));
    }
  }

  private void events(ArrayNode array) {
    releases
        .entries()
        .forEach(event -> array.add(lineage(event(event.event).put("at", event.at), event.event)));
  }

  /**
   * How many releases lie behind one, which are the nearest, and how many samples taught them all,
   * as verdicts tell. Looking at them does not keep them: whoever watches does so every second.
   */
  private ObjectNode lineage(ObjectNode about, ReleaseEvent event) {
    ArrayNode parents = about.putArray("parents");
    long samples = samples(event.release());
    String parent = event.parent();
    int depth = 0;
    for (; parent != null && depth < DEPTH; depth++) {
      if (depth < NAMED) {
        parents.add(parent);
      }
      samples += samples(parent);
      ReleaseEvent before = seen.peek(parent);
      parent = before == null ? null : before.parent();
    }
    about.put("behind", depth).put("samples", samples);
    Verdict verdict = passed.peek(event.release());
    ArrayNode rules = about.putArray("rules");
    if (verdict != null) {
      verdict.rules().forEach(rule -> rules.add(rule(rule)));
    }
    return about;
  }

  private long samples(String release) {
    Verdict verdict = passed.peek(release);
    return verdict == null ? 0 : verdict.samples();
  }

  private static ObjectNode rule(RuleResult rule) {
    ObjectNode told =
        JSON.objectNode()
            .put("rule", rule.rule())
            .put("passed", rule.passed())
            .put("reason", rule.reason());
    ObjectNode figures = told.putObject("figures");
    RuleFigures.single(rule.figures()).forEach(figures::put);
    return told;
  }

  static ObjectNode event(ReleaseEvent event) {
    return JSON.objectNode()
        .put("tenant", event.tenant())
        .put("domain", event.domain())
        .put("kind", event.kind().name().toLowerCase(Locale.ROOT))
        .put("action", event.action().name().toLowerCase(Locale.ROOT))
        .put("release", event.release())
        .put("parent", event.parent())
        .put("batch", event.batch())
        .put("withheld", event.withheld())
        .put("reason", event.reason());
  }

  private void latencies(ObjectNode latency) {
    List<Latency> entries = latencies.entries();
    List<Long> sorted =
        entries.stream().map(Latency::millis).sorted(Comparator.naturalOrder()).toList();
    if (!sorted.isEmpty()) {
      latency.put("p50", sorted.get(sorted.size() / 2));
      latency.put("p99", sorted.get((int) Math.min(sorted.size() - 1, sorted.size() * 0.99)));
    }
    ArrayNode points = latency.putArray("points");
    entries.forEach(entry -> points.addArray().add(entry.at).add(entry.millis));
  }
}
