package dev.millrace.job.cli;

import dev.millrace.job.cli.ForgetCommand.Forgot;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.io.Topics;
import dev.millrace.job.loop.Proof;
import dev.millrace.job.loop.Spread;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What was forgotten, the proof, and what no command of Millrace reaches. */
final class ForgetText {

  private ForgetText() {}

  static String of(
      Set<String> samples, List<Forgot> forgot, List<String> retired, KafkaConfig kafka) {
    List<String> lines = new ArrayList<>();
    if (forgot.isEmpty()) {
      lines.add("no release in the store had learned them");
    }
    forgot.forEach(domain -> lines.addAll(lines(domain)));
    lines.add("purged");
    lines.add(
        "  learn's adapter and alignment, replay, held-out and waiting samples; its %d ids stay barred"
            .formatted(samples.size()));
    lines.add("  %d releases, deleted from the store".formatted(retired.size()));
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
      lines.add("  loss     not measured: none of them is still on the topic");
    } else {
      lines.add("  loss on %d of them, nats a token".formatted(proof.samples()));
      lines.add(figure(proof.before(), "by the release that had learned them"));
      lines.add(figure(proof.after(), "now"));
      Spread neverSaw = proof.neverSaw();
      lines.add(
          figure(
              neverSaw.mean(),
              String.format(
                  Locale.ROOT,
                  "by %d models that never saw them, trained just now (%.4f to %.4f, deviation %.4f)",
                  neverSaw.models(),
                  neverSaw.lowest(),
                  neverSaw.highest(),
                  neverSaw.deviation())));
      lines.add(figure(proof.base(), "by the base alone"));
      lines.add(
          String.format(
              Locale.ROOT,
              "  forgotten  %.0f %% of what they had gained; now %.1f deviations from those models",
              100 * proof.forgotten(),
              proof.deviations()));
      lines.add("  again    " + again(proof.sameBytes()));
    }
    return lines;
  }

  private static String again(@Nullable Boolean same) {
    if (same == null) {
      return "not trained again: it is the base, or samples behind it have expired";
    }
    return same
        ? "trained from what its manifest lists, the same byte for byte"
        : "trained from what its manifest lists, OTHER bytes: releases reproduce says why";
  }

  private static String figure(double nats, String by) {
    return String.format(Locale.ROOT, "           %.4f %s", nats, by);
  }

  private static List<String> beyond(String topic, String broker) {
    return List.of(
        "  the samples on %s, until they expire; sooner, with all before them:".formatted(topic),
        "    kafka-delete-records --bootstrap-server %s --offset-json-file FILE".formatted(broker),
        "  checkpoints and savepoints from before, and what is restored from them:",
        "    flink savepoint --dispose PATH",
        "  cached answers by the old releases, which nobody is given, until they expire:",
        "    redis-cli --scan --pattern 'millrace:answer:*' | xargs redis-cli unlink",
        "  hashes and embeddings in the scorer's memory, until newer ones take their place",
        "  answers that were given, and verdicts and manifests that name ids, on their topics:",
        "    kafka-configs --alter --entity-type topics --entity-name T --add-config retention.ms=MS");
  }
}
