package dev.millrace.job.cli.releases;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.adapter.Rebaser;
import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.job.cli.options.BaseOption;
import dev.millrace.job.cli.options.BrokerOption;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.cli.options.StoreOption;
import dev.millrace.job.cli.releases.ForgetPlan.Change;
import dev.millrace.job.cli.releases.ForgetPlan.Pin;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.Topics;
import dev.millrace.job.releases.Forgetting;
import dev.millrace.job.releases.Heads;
import dev.millrace.job.releases.Proof;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.model.release.BaseRelease;
import dev.millrace.model.release.Manifest;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.ReleaseLine;
import dev.millrace.schema.wire.Counted;
import dev.millrace.schema.wire.Limits;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
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

  @Mixin private Output output;
  @Mixin private BrokerOption broker;
  @Mixin private StoreOption store;
  @Mixin private BaseOption base;

  @Option(
      names = "--sample",
      paramLabel = "ID",
      description = "The id of a sample; several may be given.")
  private List<String> samples = List.of();

  @Option(
      names = "--source",
      paramLabel = "S",
      description =
          "Whoever sent samples: the ids of all that can still be read on their topic. What it sends "
              + "later, under other ids, teaches.")
  private @Nullable String source;

  @Option(names = "--dry-run", description = "Only says what would be taken back.")
  private boolean dryRun;

  @Option(
      names = "--models",
      paramLabel = "N",
      description =
          "Models that never saw them, to train for the proof: 2 or more, or 0 for none (default: ${DEFAULT-VALUE}).")
  private int models = 5;

  @Option(
      names = "--wait",
      paramLabel = "SECONDS",
      description = "How long learn may take (default: ${DEFAULT-VALUE}).")
  private int waitSeconds = 600;

  @Option(
      names = "--retire-after",
      paramLabel = "SECONDS",
      description =
          "How long the old releases' files stay: longer than the interval of checkpoints, so that no "
              + "job is restored to one that is gone (default: ${DEFAULT-VALUE}).")
  private int retireSeconds = 30;

  /**
   * What a domain has forgotten.
   *
   * @param before the last release that knew of the samples
   * @param after where it is now; null is the base
   * @param proof null if nothing was measured
   * @param notMeasured why not; null beside a proof
   */
  record Forgot(
      String domain,
      String before,
      @Nullable String after,
      @Nullable Proof proof,
      @Nullable String notMeasured) {}

  @Override
  public Integer call() throws Exception {
    if (samples.isEmpty() && source == null) {
      throw new IllegalArgumentException("nothing to forget, expected --sample ID or --source S");
    }
    if (models < 0 || models == 1 || waitSeconds < 0 || retireSeconds < 0) {
      throw new IllegalArgumentException(
          "--models %d, --wait %d, --retire-after %d, expected 2 or more or 0, and 0 or more of both"
              .formatted(models, waitSeconds, retireSeconds));
    }
    requireFew(Set.copyOf(samples));
    Path unused = base.folder(broker);
    StoreOption.requireUnset(broker);
    MillraceConfig config = broker.require(output.err());
    ReleaseTopic topic = ReleaseTopic.of(config);
    List<Origin> undecoded = new ArrayList<>();
    List<ReleaseEvent> events = topic.written(undecoded::add, output.err()::println);
    StoredReleases stored = StoredReleases.read(store.folder(broker), output.err()::println);
    FoundSamples found = FoundSamples.find(topic.config(), Set.copyOf(samples), source);
    Set<String> ids = new HashSet<>(samples);
    found.samples().forEach(sample -> ids.add(sample.id()));
    Forgetting forgetting = new Forgetting(stored, ids);
    warn(forgetting, undecoded);
    requireUnknownToBases(forgetting, events);
    ForgetPlan plan = new ForgetPlan(forgetting, found, events);
    SortedMap<ReleaseLine, Change> changes = plan.changes();
    warn(plan.unknown(), changes.size());
    warn(plan.unplaced());
    if (dryRun) {
      output.result(
          Map.of("changes", changes.values(), "affected", forgetting.descendantsFirst()),
          ForgetText.plan(changes.values(), plan::learnsAgain));
      return 0;
    }
    if (!changes.isEmpty()) {
      haveForgotten(topic, events, changes, forgetting);
    }
    return purge(ids, changes, stored.store(), config);
  }

  private static void requireFew(Set<String> ids) {
    if (ids.size() > Limits.FORGOTTEN) {
      throw new IllegalArgumentException(
          "%d samples to forget, expected at most %d at a time"
              .formatted(ids.size(), Limits.FORGOTTEN));
    }
    for (String id : ids) {
      int bytes = id.getBytes(UTF_8).length;
      if (bytes > Limits.ID_BYTES) {
        throw new IllegalArgumentException(
            "--sample %s… has %d bytes, expected at most %d, as ids of samples have"
                .formatted(id.substring(0, 20), bytes, Limits.ID_BYTES));
      }
    }
  }

  private void warn(Forgetting forgetting, List<Origin> undecoded) {
    Set<String> missing = forgetting.missing();
    if (!missing.isEmpty()) {
      output.say(
          "%s not in %s, such as %s: what they knew nobody can tell",
          Counted.of(missing.size(), "ancestor of releases is", "ancestors of releases are"),
          forgetting.stored().store(),
          missing.iterator().next());
    }
    String blind = ReleaseTopic.reasonNotToDelete(undecoded);
    if (blind != null) {
      output.err().println(blind);
    }
  }

  private void warn(List<String> unknown, int domains) {
    if (!unknown.isEmpty()) {
      output.say("%s", ForgetText.unknown(unknown, domains));
    }
  }

  private void warn(List<String> unplaced) {
    if (!unplaced.isEmpty()) {
      output.say(
          "%s in no release, such as %s: a domain that was found for such is told from its first verdict on, so run this again after that",
          Counted.of(unplaced.size(), "sample without a domain is", "samples without a domain are"),
          unplaced.get(0));
    }
  }

  private void requireUnknownToBases(Forgetting forgetting, List<ReleaseEvent> events)
      throws IOException {
    ReleaseEvent released = Heads.followed(events).get(BaseRelease.LINE);
    if (released != null && !released.release().isEmpty()) {
      forgetting.requireUnknownTo(released.release());
    }
    Path folder = base.folder();
    forgetting.requireUnknownTo("base " + folder, BaseRelease.learned(folder));
  }

  /** Tells learn, and waits until it has learned everything else again. */
  private void haveForgotten(
      ReleaseTopic topic,
      List<ReleaseEvent> events,
      SortedMap<ReleaseLine, Change> changes,
      Forgetting forgetting)
      throws Exception {
    List<String> ids = forgetting.samples().stream().sorted().toList();
    String verdicts = new Topics(topic.config().prefix()).verdicts();
    try (RecordReader reader = RecordReader.fromEnd(topic.config(), List.of(verdicts))) {
      Map<ReleaseLine, Origin> written = new HashMap<>();
      changes.forEach(
          (line, change) -> {
            ReleaseEvent event =
                event(change, Action.FORGET, change.to(), forgetting.stored(), events);
            written.put(line, topic.write(event.forgetting(ids)));
            if (change.pin() == Pin.AT_ONCE) {
              pin(change, change.to(), topic, forgetting.stored(), events);
            } else if (change.pin() == Pin.AFTERWARDS) {
              output.say(
                  "%s was pinned: it learns nothing new, and is pinned again at the end; if that does not come, run this again",
                  line.inWords());
            }
          });
      Map<ReleaseLine, @Nullable String> at =
          new ForgetWatch(reader, written, output.err()).await(Duration.ofSeconds(waitSeconds));
      for (Map.Entry<ReleaseLine, Change> change : changes.entrySet()) {
        String release = at.get(change.getKey());
        if (release != null) {
          topic.awaitEvent(release, Duration.ofSeconds(waitSeconds));
        }
        if (change.getValue().pin() == Pin.AFTERWARDS
            && isLastOrder(change.getKey(), written.get(change.getKey()), topic)) {
          Path folder = forgetting.stored().store();
          StoredReleases now = StoredReleases.read(folder, skipped -> {});
          String pinned = ForgetPlan.pinnable(topic.events(), change.getKey(), release);
          if (pinned == null) {
            unpin(change.getKey(), change.getValue(), topic, folder, ids);
          }
          pin(change.getValue(), pinned, topic, now, topic.events());
        }
      }
    }
  }

  /** Whether nobody has ordered anything of a line since: what people said meanwhile stays. */
  private boolean isLastOrder(ReleaseLine line, @Nullable Origin ours, ReleaseTopic topic) {
    List<ReleaseEvent> events = topic.written(undecoded -> {}, output.err()::println);
    ReleaseEvent last = ForgetPlan.orders(events).get(line);
    if (last == null || last.origin().equals(ours)) {
      return true;
    }
    output.say(
        "%s is not pinned again: somebody ordered %s to %s meanwhile (%s)",
        line.inWords(),
        last.action(),
        last.release().isEmpty() ? "the base" : last.release(),
        last.reason());
    return false;
  }

  /** Its last order says no more that it was pinned: else the next run would pin it. */
  private static void unpin(
      ReleaseLine line, Change change, ReleaseTopic topic, Path folder, List<String> ids)
      throws IOException {
    List<ReleaseEvent> events = topic.events();
    ReleaseEvent at = Heads.followed(events).get(line);
    String release = at == null ? "" : at.answering(); // learn may have published meanwhile
    StoredReleases stored = StoredReleases.read(folder, skipped -> {});
    String to = release.isEmpty() ? null : release;
    Origin unused =
        topic.write(event(change.unpinned(), Action.FORGET, to, stored, events).forgetting(ids));
  }

  /** Pins a domain again; the base alone is no release to pin it to, nor is a shadow. */
  private void pin(
      Change change,
      @Nullable String release,
      ReleaseTopic topic,
      StoredReleases stored,
      List<ReleaseEvent> events) {
    if (release == null) {
      output.say(
          "%s is not pinned again: no release of its own has taken the place of what it was pinned to",
          change.line().inWords());
    } else {
      Origin unused = topic.write(event(change, Action.PIN, release, stored, events));
      output.say("%s is pinned again, to %s", change.line().inWords(), release);
    }
  }

  private static ReleaseEvent event(
      Change change,
      Action action,
      @Nullable String to,
      StoredReleases stored,
      List<ReleaseEvent> events) {
    Manifest manifest = to == null ? null : stored.manifest(to);
    boolean pinned = action == Action.FORGET && change.pin() != Pin.NEVER;
    return new ReleaseEvent(
        change.tenant(),
        change.domain(),
        change.kind(),
        action,
        to == null ? "" : to,
        to == null ? "" : ReleaseTopic.uri(events, stored, to),
        manifest == null ? null : manifest.parent(),
        manifest == null ? 0 : manifest.batch(),
        pinned ? ReleaseEvent.STAYS_PINNED : ForgetPlan.REASON,
        Origin.UNWRITTEN);
  }

  /** Proves it, and deletes what knows of them. */
  private int purge(
      Set<String> ids, SortedMap<ReleaseLine, Change> told, Path folder, MillraceConfig config)
      throws Exception {
    ReleaseTopic topic = ReleaseTopic.of(config);
    List<ReleaseEvent> events = topic.events();
    Forgetting obeyed = new Forgetting(StoredReleases.read(folder, output.err()::println), ids);
    ForgetPlan.requireObeyed(obeyed, events, told.keySet());
    List<Forgot> forgot = prove(obeyed, events, config);
    awaitCheckpoint(obeyed.affected().size());
    List<Origin> undecoded = new ArrayList<>();
    List<ReleaseEvent> latest = topic.written(undecoded::add, output.err()::println);
    Forgetting now = new Forgetting(StoredReleases.read(folder, skipped -> {}), ids);
    ForgetPlan.requireObeyed(now, latest, told.keySet());
    String blind = ReleaseTopic.reasonNotToDelete(undecoded);
    List<String> retired = blind == null ? retire(now) : List.of();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("samples", ids.stream().sorted().toList());
    json.put("changes", told.values());
    json.put("forgot", forgot);
    json.put("retired", retired);
    output.result(json, ForgetText.of(ids, told.values(), forgot, retired, topic.config()));
    if (blind != null) {
      throw new IllegalStateException(blind);
    }
    return 0;
  }

  /** Waits until no job can be restored to a release that is to be deleted. */
  private void awaitCheckpoint(int releases) throws InterruptedException {
    if (releases > 0) {
      output.say(
          "%s deleted in %d s", Counted.of(releases, "release is", "releases are"), retireSeconds);
      Thread.sleep(Duration.ofSeconds(retireSeconds).toMillis());
    }
  }

  private static List<String> retire(Forgetting forgetting) throws IOException {
    List<String> retired = forgetting.descendantsFirst();
    PruneCommand.delete(StoreFiles.in(forgetting.stored().store()), retired);
    return retired;
  }

  /** For each domain of which the store has an adapter that knows of them. */
  private List<Forgot> prove(
      Forgetting forgetting, List<ReleaseEvent> events, MillraceConfig config) throws Exception {
    SortedMap<ReleaseLine, ReleaseEvent> current = Heads.followed(events);
    SortedMap<ReleaseLine, String> last = new TreeMap<>();
    for (String id : forgetting.affected()) {
      Manifest manifest = forgetting.stored().manifest(id);
      if (manifest.kind() == Kind.ADAPTER && !Rebaser.isRebased(manifest)) {
        last.merge(
            manifest.line(),
            id,
            (a, b) ->
                forgetting.stored().manifest(a).batch() < forgetting.stored().manifest(b).batch()
                    ? b
                    : a);
      }
    }
    List<Forgot> forgot = new ArrayList<>();
    ForgetProof proof = new ForgetProof(base.folder(), config, models, output.err());
    for (Map.Entry<ReleaseLine, String> before : last.entrySet()) {
      ReleaseEvent head = current.get(before.getKey());
      String answers = head == null ? "" : head.answering();
      String after = answers.isEmpty() ? null : answers;
      ForgetProof.Measured measured = proof.of(forgetting, before.getValue(), after);
      forgot.add(
          new Forgot(
              before.getKey().domain(),
              before.getValue(),
              after,
              measured.proof(),
              measured.hindrance()));
    }
    return forgot;
  }
}
