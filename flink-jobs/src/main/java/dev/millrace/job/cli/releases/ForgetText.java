package dev.millrace.job.cli.releases;

import dev.millrace.job.cli.releases.ForgetCommand.Forgot;
import dev.millrace.job.cli.releases.ForgetPlan.Change;
import dev.millrace.job.cli.releases.ForgetPlan.Pin;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.io.Topics;
import dev.millrace.job.releases.Proof;
import dev.millrace.job.releases.Spread;
import dev.millrace.schema.wire.Counted;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What was forgotten, the proof, and what no command of Millrace reaches. */
final class ForgetText {

  private ForgetText() {}

  /**
   * What would be done.
   *
   * @param again whether a domain has something to learn again
   */
  static String plan(Collection<Change> changes, Predicate<Change> again) {
    return changes.isEmpty()
        ? "no domain knows of them"
        : String.join(
            "\n", changes.stream().map(change -> line(change, again.test(change))).toList());
  }

  private static String line(Change change, boolean again) {
    String from = change.from().isEmpty() ? "the base" : change.from();
    String to = change.to() == null ? "the base" : change.to();
    List<String> parts = new ArrayList<>();
    parts.add(
        change.stays()
            ? "%s would stay at %s, and drop and bar them".formatted(change.line().inWords(), from)
            : "%s would go back from %s to %s".formatted(change.line().inWords(), from, to));
    if (again) {
      parts.add("learn again what came after that");
    }
    if (change.pin() != Pin.NEVER) {
      parts.add("be pinned again");
    }
    return String.join(", and ", parts);
  }

  /**
   * What is said of ids that nobody knows.
   *
   * @param domains that are told
   */
  static String unknown(List<String> ids, int domains) {
    return "%s neither on the samples' topic nor in a release, such as %s: %s"
        .formatted(
            Counted.of(ids.size(), "id is", "ids are"),
            ids.get(0),
            domains == 0
                ? "no domain exists yet, so none is told"
                : "%s may wait or judge in any of %s, so all are told"
                    .formatted(
                        ids.size() == 1 ? "it" : "they", Counted.of(domains, "domain", "domains")));
  }

  static String of(
      Set<String> samples,
      Collection<Change> told,
      List<Forgot> forgot,
      List<String> retired,
      KafkaConfig kafka) {
    List<String> lines = new ArrayList<>();
    if (forgot.isEmpty()) {
      lines.add("no adapter in the store had learned them");
    }
    forgot.forEach(domain -> lines.addAll(lines(domain)));
    lines.add("purged");
    lines.add(
        told.isEmpty()
            ? "  nothing that learn holds: no domain was told, and no id is barred"
            : "  adapter or alignment, replay, held-out and waiting samples, where %s barred:"
                .formatted(Counted.of(samples.size(), "id stays", "ids stay")));
    told.forEach(change -> lines.add("    " + change.line().inWords()));
    lines.add(
        "  %s, deleted from the store"
            .formatted(Counted.of(retired.size(), "release", "releases")));
    lines.add("  answers by them: none is given again, for a cache key names its release");
    lines.add("not purged, and how to");
    lines.addAll(beyond(new Topics(kafka.prefix()).samples(), kafka.bootstrap()));
    return String.join("\n", lines);
  }

  private static List<String> lines(Forgot forgot) {
    String after = forgot.after() == null ? "the base" : forgot.after();
    List<String> lines = new ArrayList<>();
    lines.add("domain %s".formatted(forgot.domain()));
    lines.add("  was at   %s".formatted(forgot.before()));
    lines.add("  is at    %s: neither it nor a parent has learned them".formatted(after));
    Proof proof = forgot.proof();
    if (proof == null) {
      lines.add("  loss     not measured: %s".formatted(forgot.notMeasured()));
    } else {
      lines.add("  loss on %d of them, nats a token".formatted(proof.samples()));
      lines.add(figure(proof.before(), "by the release that had learned them"));
      lines.add(figure(proof.after(), "now"));
      Spread neverSaw = proof.neverSaw();
      lines.add(
          figure(
              neverSaw.mean(),
              "by %d models that never saw them, trained just now (%.4f to %.4f, deviation %.4f)"
                  .formatted(
                      neverSaw.models(),
                      neverSaw.lowest(),
                      neverSaw.highest(),
                      neverSaw.deviation())));
      lines.add(figure(proof.base(), "by the base alone"));
      lines.add(
          "  forgotten  %.0f %% of what they had gained; now %.1f deviations from those models"
              .formatted(100 * proof.forgotten(), proof.deviations()));
      lines.add("  again    " + again(proof.sameBytes()));
    }
    return lines;
  }

  private static String again(@Nullable Boolean same) {
    if (same == null) {
      return "not trained again: it is the base or was adopted, samples behind it have expired, or the base's anchors are others";
    }
    return same
        ? "trained from what its manifest lists, the same byte for byte"
        : "trained from what its manifest lists, OTHER bytes: releases reproduce says why";
  }

  private static String figure(double nats, String by) {
    return "           %.4f %s".formatted(nats, by);
  }

  private static List<String> beyond(String topic, String broker) {
    return List.of(
        "  the samples on %s, until they expire; sooner, with all before them:".formatted(topic),
        "    kafka-delete-records --bootstrap-server %s --offset-json-file FILE".formatted(broker),
        "  checkpoints and savepoints from before, RocksDB's checkpoints from after too until it compacts,",
        "  and what is restored from them:",
        "    flink savepoint --dispose PATH",
        "  cached answers by the old releases, which nobody is given, until they expire:",
        "    redis-cli --scan --pattern 'millrace:answer:*' | xargs redis-cli unlink",
        "  hashes, embeddings, and the tokens of each domain's last texts in the memory of who scores and",
        "  who assigns domains, until newer ones take their place",
        "  the ids in each domain's last order on the releases topic, until it has another",
        "  answers that were given, and verdicts and manifests that name ids, on their topics:",
        "    kafka-configs --alter --entity-type topics --entity-name T --add-config retention.ms=MS");
  }
}
