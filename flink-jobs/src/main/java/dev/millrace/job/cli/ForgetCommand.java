package dev.millrace.job.cli;

import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.Topics;
import dev.millrace.job.loop.Forgetting;
import dev.millrace.job.loop.Heads;
import dev.millrace.job.loop.Proof;
import dev.millrace.job.loop.StoredReleases;
import dev.millrace.model.release.BaseRelease;
import dev.millrace.model.release.Manifest;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.wire.Limits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "forget",
    description = {
      "Has every domain forget samples: it goes back to its last release that had not learned them,",
      "and what came after that is learned again without them. Then proves it, and deletes the",
      "releases that knew of them."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace releases forget --sample mail-4711 --dry-run",
      "  ./millrace releases forget --source crawler"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ForgetCommand implements Callable<Integer> {
  private static final Origin NOWHERE = new Origin("", 0, -1);

  @Mixin private Output output;
  @Mixin private BrokerOption broker;
  @Mixin private StoreOption store;

  @Option(
      names = "--sample",
      paramLabel = "ID",
      description = "The id of a sample; several may be given.")
  private List<String> samples = List.of();

  @Option(
      names = "--source",
      paramLabel = "S",
      description = "Whoever sent samples: all that can still be read on their topic.")
  private @Nullable String source;

  @Option(names = "--dry-run", description = "Only says what would be taken back.")
  private boolean dryRun;

  @Option(
      names = "--base",
      paramLabel = "DIR",
      description = "The base model, for the proof (default: models/nano).")
  private Path base = Home.here().nano();

  @Option(
      names = "--models",
      paramLabel = "N",
      description =
          "Models that never saw them, to train for the proof: 2 or more (default: ${DEFAULT-VALUE}).")
  private int models = 5;

  @Option(
      names = "--wait",
      paramLabel = "SECONDS",
      description = "How long learn may take (default: ${DEFAULT-VALUE}).")
  private int waitSeconds = 600;

  @Option(
      names = "--retire-after",
      paramLabel = "SECONDS",
      description = {
        "How long the old releases' files stay: longer than the interval of checkpoints, so that no",
        "job is restored to one that is gone (default: ${DEFAULT-VALUE})."
      })
  private int retireSeconds = 30;

  /**
   * What becomes of a domain.
   *
   * @param from the release that it was at; empty is the base
   * @param to the release that it goes back to; null is the base
   */
  record Change(
      @Nullable String tenant, String domain, Kind kind, String from, @Nullable String to) {}

  /**
   * What a domain has forgotten.
   *
   * @param before the last release that knew of the samples
   * @param after where it is now; null is the base
   * @param proof null if none of the samples can be read any more
   */
  record Forgot(String domain, String before, @Nullable String after, @Nullable Proof proof) {}

  @Override
  public Integer call() throws Exception {
    if (samples.isEmpty() && source == null) {
      throw new IllegalArgumentException("nothing to forget, expected --sample ID or --source S");
    }
    if (models < 2) {
      throw new IllegalArgumentException("--models " + models + ", expected 2 or more");
    }
    StoredReleases stored = StoredReleases.read(store.folder(broker), output.err()::println);
    MillraceConfig config = broker.require(output.err());
    ReleaseTopic topic = ReleaseTopic.of(config);
    FoundSamples found = FoundSamples.find(topic.config(), Set.copyOf(samples), source);
    Set<String> ids = new HashSet<>(samples);
    found.samples().forEach(sample -> ids.add(sample.id()));
    requireFew(ids);
    Forgetting forgetting = new Forgetting(stored, ids);
    List<ReleaseEvent> events = topic.events();
    ReleaseEvent released =
        Heads.followed(events, Kind.BASE).get(Heads.alias(null, BaseRelease.DOMAIN));
    if (released != null && !released.release().isEmpty()) {
      forgetting.requireUnknownTo(released.release());
    }
    forgetting.requireUnknownTo(
        "base " + base,
        BaseRelease.taught(base).values().stream().map(BaseRelease.Taught::release).toList());
    SortedMap<String, ReleaseEvent> heads = affected(forgetting, found, events);
    List<Change> changes = new ArrayList<>();
    heads.forEach((alias, head) -> changes.add(change(head, forgetting)));
    if (dryRun) {
      output.result(Map.of("changes", changes, "affected", sorted(forgetting)), plan(changes));
      return 0;
    }
    if (!heads.isEmpty()) {
      haveForgotten(topic, heads, forgetting);
    }
    StoredReleases now = StoredReleases.read(stored.store(), output.err()::println);
    List<Forgot> forgot = prove(new Forgetting(now, ids), config);
    List<String> retired = retire(new Forgetting(now, ids));
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("samples", ids.stream().sorted().toList());
    json.put("changes", changes);
    json.put("forgot", forgot);
    json.put("retired", retired);
    output.result(json, ForgetText.of(ids, forgot, retired, topic.config()));
    return 0;
  }

  private static void requireFew(Set<String> ids) {
    if (ids.size() > Limits.FORGOTTEN) {
      throw new IllegalArgumentException(
          ids.size() + " samples to forget, expected at most " + Limits.FORGOTTEN + " at a time");
    }
  }

  /** By alias, what each domain is at that knows, or may know, of a sample. */
  private static SortedMap<String, ReleaseEvent> affected(
      Forgetting forgetting, FoundSamples found, List<ReleaseEvent> events) {
    SortedMap<String, ReleaseEvent> affected = new TreeMap<>();
    Set<String> knowing = forgetting.affected();
    for (Kind kind : List.of(Kind.ADAPTER, Kind.ALIGNMENT)) {
      ReleaseTopic.heads(events, kind)
          .values()
          .forEach(
              heads ->
                  heads.stream()
                      .filter(head -> knowing.contains(head.release()))
                      .findFirst()
                      .ifPresent(head -> affected.put(alias(head), head)));
    }
    for (ReleaseEvent head : lines(events)) {
      boolean mayWait =
          found.samples().stream()
              .filter(sample -> sample.media() || head.kind() == Kind.ADAPTER)
              .anyMatch(sample -> sample.mayBeOf(head));
      if (mayWait && !done(forgetting, head)) {
        affected.putIfAbsent(alias(head), head);
      }
    }
    return affected;
  }

  /** What each line is at; a domain may gather pairs before its alignment has a release. */
  private static List<ReleaseEvent> lines(List<ReleaseEvent> events) {
    SortedMap<String, ReleaseEvent> adapters = Heads.followed(events);
    SortedMap<String, ReleaseEvent> alignments = Heads.followed(events, Kind.ALIGNMENT);
    adapters.forEach((alias, head) -> alignments.computeIfAbsent(alias, a -> unaligned(head)));
    return Stream.of(adapters, alignments).flatMap(heads -> heads.values().stream()).toList();
  }

  private static ReleaseEvent unaligned(ReleaseEvent head) {
    return new ReleaseEvent(
        head.tenant(),
        head.domain(),
        Kind.ALIGNMENT,
        Action.ROLLBACK,
        "",
        "",
        null,
        0,
        "",
        head.origin());
  }

  private static String alias(ReleaseEvent head) {
    return Heads.alias(head.tenant(), head.domain(), head.kind());
  }

  /** Whether a domain was told before, by an event that still stands behind what it is at. */
  private static boolean done(Forgetting forgetting, ReleaseEvent head) {
    return head.action() == Action.FORGET && head.forgotten().containsAll(forgetting.samples());
  }

  private static Change change(ReleaseEvent head, Forgetting forgetting) {
    String to = head.release().isEmpty() ? null : forgetting.lastUnaffected(head.release());
    return new Change(head.tenant(), head.domain(), head.kind(), head.release(), to);
  }

  /** Tells learn, and waits until it has learned everything else again. */
  private void haveForgotten(
      ReleaseTopic topic, SortedMap<String, ReleaseEvent> heads, Forgetting forgetting)
      throws Exception {
    List<String> ids = forgetting.samples().stream().sorted().toList();
    String verdicts = new Topics(topic.config().prefix()).verdicts();
    try (RecordReader reader = RecordReader.fromEnd(topic.config(), List.of(verdicts))) {
      Map<String, Origin> written = new HashMap<>();
      heads.forEach(
          (alias, head) -> {
            Change change = change(head, forgetting);
            ReleaseEvent event = event(head, Action.FORGET, change.to(), forgetting.stored());
            written.put(alias, topic.write(event.forgetting(ids)));
          });
      Map<String, @Nullable String> at =
          new ForgetWatch(reader, written, output.err()).await(Duration.ofSeconds(waitSeconds));
      for (Map.Entry<String, ReleaseEvent> head : heads.entrySet()) {
        String release = at.get(head.getKey());
        awaitEvent(topic, release);
        if (head.getValue().action() == Action.PIN && release != null) {
          StoredReleases now =
              StoredReleases.read(forgetting.stored().store(), output.err()::println);
          Origin unused = topic.write(event(head.getValue(), Action.PIN, release, now));
          output.err().printf("domain %s is pinned again%n", head.getValue().domain());
        }
      }
    }
  }

  /** Verdicts and release events are committed one after the other. */
  private static void awaitEvent(ReleaseTopic topic, @Nullable String release)
      throws InterruptedException {
    while (release != null
        && topic.events().stream().noneMatch(event -> event.release().equals(release))) {
      Thread.sleep(200);
    }
  }

  private static ReleaseEvent event(
      ReleaseEvent current, Action action, @Nullable String to, StoredReleases stored) {
    Manifest manifest = to == null ? null : stored.manifest(to);
    return new ReleaseEvent(
        current.tenant(),
        current.domain(),
        current.kind(),
        action,
        to == null ? "" : to,
        to == null ? "" : stored.uri(to),
        manifest == null ? null : manifest.parent(),
        manifest == null ? 0 : manifest.batch(),
        "samples to be forgotten",
        NOWHERE);
  }

  /** For each domain of which the store has an adapter that knows of them. */
  private List<Forgot> prove(Forgetting forgetting, MillraceConfig config) throws Exception {
    ReleaseTopic topic = ReleaseTopic.of(config);
    SortedMap<String, ReleaseEvent> current = Heads.followed(topic.events());
    Map<String, String> last = new TreeMap<>();
    requireForgotten(Heads.followed(topic.events(), Kind.ALIGNMENT), forgetting);
    for (String id : sorted(forgetting)) {
      Manifest manifest = forgetting.stored().manifest(id);
      if (manifest.kind() != Kind.ADAPTER) {
        continue;
      }
      last.merge(
          Heads.alias(manifest.tenant(), manifest.domain()),
          id,
          (a, b) ->
              forgetting.stored().manifest(a).batch() < forgetting.stored().manifest(b).batch()
                  ? b
                  : a);
    }
    List<Forgot> forgot = new ArrayList<>();
    ForgetProof proof = new ForgetProof(base, config, models, output.err());
    for (Map.Entry<String, String> before : last.entrySet()) {
      ReleaseEvent head = current.get(before.getKey());
      String after = head == null || head.release().isEmpty() ? null : head.release();
      if (after != null && !after.equals(forgetting.lastUnaffected(after))) {
        throw new IllegalStateException(
            "release " + after + " still knows of them, expected one that does not");
      }
      String domain = forgetting.stored().manifest(before.getValue()).domain();
      forgot.add(
          new Forgot(
              domain, before.getValue(), after, proof.of(forgetting, before.getValue(), after)));
    }
    return forgot;
  }

  private static void requireForgotten(
      SortedMap<String, ReleaseEvent> current, Forgetting forgetting) {
    for (ReleaseEvent head : current.values()) {
      String at = head.release();
      if (!at.isEmpty() && !at.equals(forgetting.lastUnaffected(at))) {
        throw new IllegalStateException(
            "release " + at + " still knows of them, expected one that does not");
      }
    }
  }

  /** Deletes the releases that know of them, once no job can be restored to one. */
  private List<String> retire(Forgetting forgetting) throws Exception {
    List<String> retired = sorted(forgetting);
    if (!retired.isEmpty()) {
      output.err().printf("%d releases are deleted in %d s%n", retired.size(), retireSeconds);
      output.err().flush();
      Thread.sleep(Duration.ofSeconds(retireSeconds).toMillis());
    }
    StoreFiles files = StoreFiles.in(forgetting.stored().store());
    for (String release : retired) {
      PruneCommand.delete(files, release);
    }
    return retired;
  }

  private static List<String> sorted(Forgetting forgetting) {
    return forgetting.affected().stream()
        .sorted(
            Comparator.comparingLong((String id) -> forgetting.stored().manifest(id).batch())
                .thenComparing(Comparator.naturalOrder()))
        .toList();
  }

  private static String plan(List<Change> changes) {
    if (changes.isEmpty()) {
      return "no domain knows of them";
    }
    List<String> lines = new ArrayList<>();
    for (Change change : changes) {
      lines.add(
          (change.kind() == Kind.ALIGNMENT
                  ? "the alignment of domain %s would go back from %s to %s"
                  : "domain %s would go back from %s to %s, and learn again what came after that")
              .formatted(
                  change.domain(),
                  change.from().isEmpty() ? "the base" : change.from(),
                  change.to() == null ? "the base" : change.to()));
    }
    return String.join("\n", lines);
  }
}
