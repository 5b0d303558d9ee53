package dev.millrace.job.cli;

import dev.millrace.job.loop.Forgetting;
import dev.millrace.job.loop.StoredReleases;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "forget",
    description = {
      "Takes every domain that has learned a sample back to its last release that had not; what was",
      "learned after it is taken back too. Learning goes on from there."
    },
    footer = {"", "Example:", "  ./millrace releases forget --sample mail-4711 --dry-run"})
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

  /**
   * What becomes of a domain.
   *
   * @param to the release that it goes on from; null is the base
   */
  record Change(@Nullable String tenant, String domain, String from, @Nullable String to) {}

  @Override
  public Integer call() throws Exception {
    if (samples.isEmpty() && source == null) {
      throw new IllegalArgumentException("nothing to forget, expected --sample ID or --source S");
    }
    StoredReleases stored = StoredReleases.read(store.folder(broker));
    ReleaseTopic topic = ReleaseTopic.at(broker.require(output.err()));
    Forgetting forgetting = new Forgetting(stored, samples(stored, topic));
    Set<String> affected = forgetting.affected();
    List<Change> changes = new ArrayList<>();
    for (Set<ReleaseEvent> heads : ReleaseTopic.heads(topic.events()).values()) {
      ReleaseEvent head =
          heads.stream().filter(h -> affected.contains(h.release())).findFirst().orElse(null);
      if (head != null) {
        String to = forgetting.lastUnaffected(head.release());
        changes.add(new Change(head.tenant(), head.domain(), head.release(), to));
        if (!dryRun) {
          topic.write(event(head, to, stored));
        }
      }
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("changes", changes);
    json.put("affected", affected.stream().sorted().toList());
    output.result(json, text(changes, affected));
    return 0;
  }

  /** Ids of what is to be forgotten. */
  private Set<String> samples(StoredReleases stored, ReleaseTopic topic) {
    Set<String> ids = new HashSet<>(samples);
    if (source != null) {
      Set<LearnedSample> learned =
          stored.byId().values().stream()
              .flatMap(manifest -> manifest.learned().stream())
              .collect(Collectors.toSet());
      Set<Origin> places = learned.stream().map(LearnedSample::origin).collect(Collectors.toSet());
      Map<Origin, String> senders = new Senders(topic.config()).of(places);
      learned.stream()
          .filter(sample -> source.equals(senders.get(sample.origin())))
          .map(LearnedSample::sample)
          .forEach(ids::add);
      output
          .err()
          .printf(
              "%d samples of source %s; %d learned samples are no longer on their topic%n",
              ids.size() - samples.size(), source, places.size() - senders.size());
    }
    return ids;
  }

  private static ReleaseEvent event(
      ReleaseEvent current, @Nullable String to, StoredReleases stored) {
    Manifest manifest = to == null ? null : stored.manifest(to);
    return new ReleaseEvent(
        current.tenant(),
        current.domain(),
        current.kind(),
        Action.FORGET,
        to == null ? "" : to,
        to == null ? "" : stored.uri(to),
        manifest == null ? null : manifest.parent(),
        manifest == null ? 0 : manifest.batch(),
        "samples to be forgotten",
        NOWHERE);
  }

  private String text(List<Change> changes, Set<String> affected) {
    if (affected.isEmpty()) {
      return "no release in the store has learned them";
    }
    String taken =
        changes.stream()
            .map(
                change ->
                    "domain %s %s back from %s to %s%n"
                        .formatted(
                            change.domain(),
                            dryRun ? "would go" : "goes",
                            change.from(),
                            change.to() == null ? "the base" : change.to()))
            .collect(Collectors.joining());
    return taken
        + affected.size()
        + " releases know of them; once nothing serves them, delete their files with\n"
        + "  ./millrace releases prune --keep 0 --days 1\n"
        + "The samples themselves stay on their topic until it expires (kafka-delete-records), and in\n"
        + "checkpoints and savepoints taken before; cached answers are never given again, as a cache\n"
        + "key names its release.";
  }
}
