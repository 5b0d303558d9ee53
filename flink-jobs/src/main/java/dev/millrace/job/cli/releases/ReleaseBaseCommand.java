package dev.millrace.job.cli.releases;

import dev.millrace.adapter.gate.GateConfig;
import dev.millrace.job.BasePublisher;
import dev.millrace.job.cli.options.BaseOption;
import dev.millrace.job.cli.options.BrokerOption;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.cli.options.StoreOption;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.releases.Heads;
import dev.millrace.model.release.BaseRelease;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.RuleResult;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "base",
    description = {
      "Releases a whole base, such as one that consolidate or compress wrote: it is judged beside the",
      "one whose place it takes, and running serve jobs go over to it between two requests. Domains",
      "whose releases it was taught, or that were brought to it, go over with it; all others stay on",
      "the base of their adapters."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace releases base models/next",
      "  ./millrace releases base models/pico --bound 1     # a student of a thirteenth is that much worse",
      "  ./millrace releases base --back                    # to the base of the configuration"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ReleaseBaseCommand implements Callable<Integer> {

  @Mixin private Output output;
  @Mixin private BrokerOption broker;
  @Mixin private StoreOption store;
  @Mixin private BaseOption before;

  @Parameters(arity = "0..1", paramLabel = "DIR", description = "Folder of the new base.")
  private @Nullable Path folder;

  @Option(names = "--back", description = "Takes serving back to the base of its configuration.")
  private boolean back;

  @Option(
      names = "--bound",
      paramLabel = "SHARE",
      description =
          "By how much the bits per byte of protected texts and of anchors may be higher (default: ${DEFAULT-VALUE}).")
  private double bound = GateConfig.defaults().protectedBound();

  @Option(
      names = "--domain-bound",
      paramLabel = "SHARE",
      description =
          "The same of domains whose releases it was taught, or that were brought to it, beside their adapters (default: ${DEFAULT-VALUE}).")
  private double domainBound = 0.01;

  @Option(names = "--reason", paramLabel = "TEXT", description = "Why; it is part of the event.")
  private String reason = "by hand";

  @Override
  public Integer call() throws Exception {
    if (back == (folder != null)) {
      throw new IllegalArgumentException("expected the folder of a base, or --back");
    }
    if (!(bound >= 0) || !(domainBound >= 0)) {
      throw new IllegalArgumentException(
          "--bound %s, --domain-bound %s, expected 0 or more".formatted(bound, domainBound));
    }
    if (folder != null) {
      BaseOption.require("base", folder);
    }
    MillraceConfig config = config();
    BasePublisher publisher = new BasePublisher(config, output.err()::println);
    return folder == null ? takeBack(publisher, head(config)) : publish(publisher, folder, config);
  }

  private static @Nullable ReleaseEvent head(MillraceConfig config) {
    return Heads.followed(ReleaseTopic.of(config).events()).get(BaseRelease.LINE);
  }

  private MillraceConfig config() throws Exception {
    Map<String, String> own =
        Map.of(
            "base.dir", before.folder(broker).toAbsolutePath().toString(),
            "store.uri", ReleaseFiles.uri(store.folder(broker)));
    return broker.require(output.err()).with(own);
  }

  private int publish(BasePublisher publisher, Path of, MillraceConfig config) throws Exception {
    BasePublisher.Result result =
        publisher.publish(
            of, () -> head(config), new BasePublisher.Bounds(bound, domainBound), reason);
    Map<String, Object> json = new HashMap<>();
    json.put("release", result.release());
    json.put("rules", result.rules());
    if (result.release() != null) {
      sayWhoStays(of, config);
    }
    String rules =
        result.rules().stream().map(ReleaseBaseCommand::line).collect(Collectors.joining("\n"));
    return output.result(
        json,
        rules
            + (result.release() == null
                ? "\nrefused; serving goes on as it was"
                : "\nreleased as " + result.release()),
        result.rules().stream()
            .filter(rule -> !rule.passed())
            .map(ReleaseBaseCommand::said)
            .toList());
  }

  private static String line(RuleResult rule) {
    return (rule.passed() ? "  " : "  NO: ") + said(rule);
  }

  private static String said(RuleResult rule) {
    return rule.reason().isEmpty() ? rule.rule() : rule.rule() + ": " + rule.reason();
  }

  /** What was brought over answers in the place of no other release than that which it came of. */
  private void sayWhoStays(Path of, MillraceConfig config) throws IOException {
    Set<String> answering =
        Heads.followed(ReleaseTopic.of(config).events(), Kind.ADAPTER).values().stream()
            .map(ReleaseEvent::answering)
            .collect(Collectors.toSet());
    BaseRelease.rebased(of)
        .forEach(
            (before, brought) -> {
              if (!answering.contains(before)) {
                output.say(
                    "domain %s is not at release %s, which was brought over: it stays on its base",
                    brought.domain(), before);
              }
            });
  }

  private int takeBack(BasePublisher publisher, @Nullable ReleaseEvent head) throws Exception {
    if (head == null || head.release().isEmpty()) {
      throw new IllegalArgumentException(
          "no released base answers, expected one to go back from: it is the configured one");
    }
    publisher.takeBack(head, reason);
    output.result(
        Map.of("action", "back", "from", head.release()),
        "serving goes back from base release " + head.release() + " to the configured base");
    return 0;
  }
}
