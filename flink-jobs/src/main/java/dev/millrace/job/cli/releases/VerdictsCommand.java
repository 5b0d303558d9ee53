package dev.millrace.job.cli.releases;

import dev.millrace.job.cli.options.BrokerOption;
import dev.millrace.job.cli.options.Home;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.Topics;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.model.release.Manifest;
import dev.millrace.schema.RuleFigures;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Verdict;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.InvalidRecordException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "verdicts",
    description = {
      "What the gate found, rule by rule: the topic's verdicts, or, with --store or where no",
      "cluster is up, those that a store's releases carry."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace verdicts",
      "  ./millrace verdicts --domain legal --refused --bootstrap 127.0.0.1:9092"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
public final class VerdictsCommand implements Callable<Integer> {

  private static final Comparator<Verdict> ORDER =
      Comparator.comparing(VerdictsCommand::name)
          .thenComparing(Verdict::kind)
          .thenComparingLong(Verdict::batch);

  @Mixin private Output output;
  @Mixin private BrokerOption broker;

  @Option(
      names = "--store",
      paramLabel = "DIR",
      description = "A store (default: the last one used).")
  private @Nullable Path store;

  @Option(names = "--domain", paramLabel = "D", description = "This domain alone.")
  private @Nullable String domain;

  @Option(names = "--refused", description = "Refused candidates alone.")
  private boolean refused;

  @Override
  public Integer call() throws Exception {
    List<Verdict> verdicts =
        read().stream()
            .filter(verdict -> domain == null || verdict.domain().equals(domain))
            .filter(verdict -> !refused || !verdict.accepted())
            .sorted(ORDER)
            .toList();
    output.result(verdicts, verdicts.isEmpty() ? none() : table(verdicts));
    return 0;
  }

  private String none() {
    return "no "
        + (refused ? "refused candidate" : "verdict")
        + (domain == null ? "" : " of domain " + domain);
  }

  private List<Verdict> read() throws IOException {
    if (store != null && broker.named().isPresent()) {
      throw new IllegalArgumentException(
          "--store %s beside a broker, expected one of them: the topic has all verdicts"
              .formatted(store));
    }
    Optional<MillraceConfig> running = broker.find(store, output.err());
    if (running.isPresent()) {
      return ofTopic(running.get().kafka());
    }
    Path folder = store == null ? Home.here().store() : store;
    output.err().println("reading " + folder + ": a store holds the verdicts on releases alone");
    return StoredReleases.read(folder, output.err()::println).byId().entrySet().stream()
        .map(release -> ofRelease(release.getKey(), release.getValue()))
        .toList();
  }

  private List<Verdict> ofTopic(KafkaConfig config) {
    List<Verdict> verdicts = new ArrayList<>();
    try (RecordReader reader =
        RecordReader.fromBeginning(config, List.of(new Topics(config.prefix()).verdicts()))) {
      for (RawRecord raw : reader.readToEnd()) {
        try {
          verdicts.add(Codecs.verdicts().decode(raw.value(), raw.origin()));
        } catch (InvalidRecordException e) {
          output.err().println(raw.origin() + " is passed over: " + e.getMessage());
        }
      }
    }
    return verdicts;
  }

  private static Verdict ofRelease(String id, Manifest manifest) {
    long fresh = manifest.fresh().count();
    return new Verdict(
        manifest.tenant(),
        manifest.domain(),
        manifest.batch(),
        id,
        manifest.parent(),
        true,
        manifest.verdict(),
        (int) fresh,
        0,
        0,
        List.of(),
        manifest.kind());
  }

  private static String name(Verdict verdict) {
    return verdict.line().name();
  }

  static String table(List<Verdict> verdicts) {
    List<String> lines = new ArrayList<>();
    lines.add(line("domain", "batch", "verdict", "release", "samples"));
    for (Verdict verdict : verdicts) {
      lines.add(
          line(
              name(verdict) + (verdict.isOfAlignment() ? " (alignment)" : ""),
              Long.toString(verdict.batch()),
              verdict.accepted() ? "passed" : "refused",
              verdict.release() == null ? "-" : start(verdict.release()),
              Integer.toString(verdict.samples())));
      verdict.rules().forEach(rule -> lines.add(line(rule)));
    }
    return String.join("\n", lines);
  }

  private static String line(
      String domain, String batch, String verdict, String release, String samples) {
    return "%-16s %6s  %-8s %-13s %7s".formatted(domain, batch, verdict, release, samples);
  }

  /** A rule, what it saw, and why it refused. */
  static String line(RuleResult rule) {
    String figures =
        RuleFigures.single(rule.figures()).entrySet().stream()
            .map(figure -> figure.getKey() + " " + number(figure.getValue()))
            .collect(Collectors.joining(", "));
    String reason = rule.passed() ? "" : "  " + rule.reason();
    return "  %-22s %-3s %s%s".formatted(rule.rule(), rule.passed() ? "ok" : "NO", figures, reason);
  }

  /** Whole numbers as such, others to five significant digits. */
  private static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : "%.5g".formatted(value);
  }

  private static String start(String release) {
    return release.substring(0, Math.min(12, release.length()));
  }
}
